"""Breaks the scheduler's rules one at a time, on purpose, and sees whether a test of the rules fails.

``make mutants`` runs it; ``python -m tests.mutants --help`` says what else it takes. A mutant is one small
change of one module: another comparison, another state, a limit more or less, a line left out. A mutant
that no test fails for *survives*: a rule that nobody states. Those that can't be told from the original are
listed, each with its reason, in ``equivalent_mutants.toml``.

Each is tried in a process of its own. One inside a function is forked from a pytest that has collected its
tests, and gives the function its other code. One of a table or a default is there from the import on, so it
is forked from a process that has not loaded the scheduler yet.

Its own program and no library: the rules are tables and plans' values as much as code. mutmut changes
functions only, and cosmic-ray starts a Python for each of a thousand changes and knows no table.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.util
import inspect
import json
import os
import random
import re
import resource
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

import hypothesis
import hypothesis.stateful
import pytest

ROOT = Path(__file__).resolve().parents[1]
SCHEDULER = ROOT / "qmode_jupyter" / "scheduler"
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
#: The modules that hold rules. Of the others, `event_queue` and `trace` may be named.
MODULES = (
    "records",
    "transitions",
    "rules",
    "timeouts",
    "ledger",
    "breakdown",
    "fairshare",
    "deadlines",
    "refusals",
    "plans",
    "scheduler",
    "state",
)
#: The quick ones first: most mutants end there.
TESTS = (
    "scheduler/test_records.py",
    "scheduler/test_transitions.py",
    "scheduler/test_state.py",
    "scheduler/test_plans.py",
    "scheduler/test_refusals.py",
    "vectors/test_rules.py",
    "vectors/test_legacy.py",
    "scheduler/test_rules.py",
    "scheduler/test_timeouts.py",
    "scheduler/test_scheduler.py",
    "scheduler/test_ledger.py",
    "scheduler/test_breakdown.py",
    "scheduler/test_deadlines.py",
    "scheduler/test_event_queue.py",
    "scheduler/test_trace.py",
    "scheduler/test_fairshare.py",
    "scheduler/test_invariants.py",
)
#: Tests that take most of the time, and come last.
_SLOW = ("runTest", "test_the_parts_add_up", "test_under_full_load", "test_the_code_of_a_job")
#: Processor seconds after which a mutant that comes to no end counts as found out; the tests take two.
LONGEST_S = 15
_MOST_BYTES = 4 << 30

_COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
_FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_METHODS = {"popleft": "pop"}
#: What is no rule: types, texts that are put together, what tells a programmer of a mistake.
_NO_RULE = (ast.JoinedStr, ast.Assert, ast.Import, ast.ImportFrom)
#: Enumerations whose words are for people alone.
_WORDS = {"Deadline", "JobStep", "WorkloadStep"}
_NO_RULE_FIELDS = {"annotation", "returns", "decorator_list", "bases", "exc"}

Path_ = tuple[tuple[str, int | None], ...]


@dataclass(frozen=True)
class Mutant:
    """One change: where it is, how it reads, and the module's tree with it."""

    module: str
    line: int
    key: str
    tree: ast.Module
    #: The function that it is in, or "" for a table, a default or the like.
    function: str

    def __str__(self) -> str:
        return f"{self.module}.py:{self.line}: {self.key.partition(': ')[2]}"


def mutants(module: str) -> list[Mutant]:
    """Return every mutant of a module of the scheduler, in the order of its lines."""
    tree = ast.parse((SCHEDULER / f"{module}.py").read_text(encoding="utf-8"))
    seen: Counter[str] = Counter()
    found = []
    for node, location in _nodes(tree, Location()):
        for other in _variants(node):
            key = f"{module}{location.scope}: {location.statement}: {_text(node)} -> {_text(other)}"
            seen[key] += 1
            if seen[key] > 1:
                key += f" #{seen[key]}"
            changed = _replaced(tree, location.path, ast.copy_location(other, node))
            ast.fix_missing_locations(changed)
            found.append(Mutant(module, node.lineno, key, changed, location.function))
    return found


@dataclass(frozen=True)
class Location:
    """Where a node is: its path from the root, its class or function, its statement."""

    path: Path_ = ()
    scope: str = ""
    statement: str = ""
    #: The outermost function whose body it is in.
    function: str = ""

    def inside(self, node: ast.AST) -> Location:
        """Return the location as it is for what is in `node`."""
        scope = (
            f"{self.scope}.{node.name}" if isinstance(node, ast.FunctionDef | ast.ClassDef) else self.scope
        )
        statement = ast.unparse(node).partition("\n")[0] if isinstance(node, ast.stmt) else self.statement
        return replace(self, scope=scope, statement=statement)


def _nodes(node: ast.AST, around: Location) -> Iterator[tuple[ast.AST, Location]]:
    """Yield every node that may be changed, with its location."""
    if isinstance(node, _NO_RULE) or _only_for_importers(node) or getattr(node, "name", None) in _WORDS:
        return
    location = around.inside(node)
    if hasattr(node, "lineno"):
        yield node, location
    for name, value in ast.iter_fields(node):
        if name in _NO_RULE_FIELDS:
            continue
        inner = location
        if isinstance(node, ast.FunctionDef) and name == "body" and not location.function:
            inner = replace(location, function=location.scope[1:])
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if isinstance(child, ast.AST) and not _is_docstring(child):
                yield from _nodes(child, replace(inner, path=(*location.path, (name, index))))


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _only_for_importers(node: ast.AST) -> bool:
    """Whether it says what may be imported, or imports for types alone."""
    return (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING") or (
        isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )


def _variants(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand instead of `node`."""
    yield from _expressions(node) if isinstance(node, ast.expr) else _statements(node)


def _expressions(node: ast.expr) -> Iterator[ast.AST]:
    match node:
        case ast.Compare():
            for index, op in enumerate(node.ops):
                ops = [*node.ops]
                ops[index] = _COMPARISONS[type(op)]()
                yield ast.Compare(node.left, ops, node.comparators)
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.BinOp() if type(node.op) in _ARITHMETIC:
            yield ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
        case ast.IfExp():
            yield from (node.body, node.orelse)
        case ast.Dict():
            for index in range(len(node.keys)):
                yield ast.Dict(_without(node.keys, index), _without(node.values, index))
        case ast.Set() if len(node.elts) > 1:
            yield from (ast.Set(_without(node.elts, index)) for index in range(len(node.elts)))
        case _:
            yield from _words(node)


def _words(node: ast.expr) -> Iterator[ast.AST]:
    match node:
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int() | float()):
            yield ast.Constant(node.value + 1)
        case ast.Constant(value=str()) if node.value:
            yield ast.Constant(f"{node.value}!")
        case ast.Attribute(value=ast.Name(id=name)) if name in _ENUMS:
            members = _ENUMS[name]
            after = members[(members.index(node.attr) + 1) % len(members)]
            yield ast.Attribute(node.value, after, node.ctx)
        case ast.Attribute() if node.attr in _METHODS:
            yield ast.Attribute(node.value, _METHODS[node.attr], node.ctx)
        case ast.Name(ctx=ast.Load()) if node.id in _FUNCTIONS:
            yield ast.Name(_FUNCTIONS[node.id], node.ctx)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.If():
            for certain in (True, False):
                yield ast.If(ast.Constant(certain), node.body, node.orelse)
        case ast.AugAssign() if type(node.op) in _ARITHMETIC:
            yield ast.AugAssign(node.target, _ARITHMETIC[type(node.op)](), node.value)
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
            yield ast.Pass()
        case ast.Expr() | ast.Delete() | ast.Raise() | ast.Continue() | ast.Return(value=None):
            yield ast.Pass()


def _without(items: list[ast.expr], index: int) -> list[ast.expr]:
    return [*items[:index], *items[index + 1 :]]


def _replaced(node: ast.AST, path: Path_, new: ast.AST) -> ast.AST:
    """Return a tree that differs from `node` at `path` alone, and shares the rest with it."""
    if not path:
        return new
    (name, index), *rest = path
    node, child = copy.copy(node), getattr(node, path[0][0])
    if index is None:
        setattr(node, name, _replaced(child, tuple(rest), new))
    else:
        children = [*child]
        children[index] = _replaced(children[index], tuple(rest), new)
        setattr(node, name, children)
    return node


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"
    return ast.unparse(node).partition("\n")[0]


def _enums() -> dict[str, list[str]]:
    members = {}
    for module in ("records", "transitions", "deadlines"):
        for node in ast.parse((SCHEDULER / f"{module}.py").read_text(encoding="utf-8")).body:
            if (
                isinstance(node, ast.ClassDef)
                and ast.unparse(node.bases[0] if node.bases else node) == "StrEnum"
            ):
                members[node.name] = [
                    line.targets[0].id
                    for line in node.body
                    if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)
                ]
    return members


_ENUMS = _enums()


class _Changed(SourceFileLoader):
    """Loads a module from a tree instead of its file."""

    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return self._code


class _Finder:
    """Finds one module changed, and leaves all others to Python."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = f"qmode_jupyter.scheduler.{mutant.module}"
        self._path = str(SCHEDULER / f"{mutant.module}.py")
        self._code = compile(mutant.tree, self._path, "exec")

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        loader = _Changed(name, self._path, self._code)
        return importlib.util.spec_from_file_location(name, self._path, loader=loader)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _give_code(mutant: Mutant) -> None:
    """Give the function that the mutant is in its other code, wherever it was imported to."""
    holder: Any = sys.modules[f"qmode_jupyter.scheduler.{mutant.module}"]
    changed = compile(mutant.tree, holder.__file__, "exec")
    for name in mutant.function.split("."):
        holder = inspect.getattr_static(holder, name)
    function = holder.fget if isinstance(holder, property) else getattr(holder, "__wrapped__", holder)
    function.__code__ = next(c for c in _codes(changed) if c.co_qualname == mutant.function)


def _run_tests(*plugins: object) -> bool:
    tests = [str(ROOT / "tests" / name) for name in TESTS]
    options = ["-xqs", "--noconftest", "-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib"]
    return pytest.main([*options, *tests], plugins=plugins) is pytest.ExitCode.OK


def _survives(mutant: Mutant | None, session: pytest.Session | None) -> bool:
    """Whether all tests pass with a mutant, or with none; meant for a process that then ends."""
    if session is None:
        if mutant is not None:
            sys.meta_path.insert(0, _Finder(mutant))
        return _run_tests()
    if mutant is not None:
        _give_code(mutant)
    for number, item in enumerate(session.items):
        following = session.items[number + 1] if number + 1 < len(session.items) else None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return False
    return True


def _passes(session: pytest.Session | None) -> bool:
    return os.waitpid(_start(None, session), 0)[1] == 0


def _start(mutant: Mutant | None, session: pytest.Session | None) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_S, LONGEST_S))
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
        code = 0 if _survives(mutant, session) else 1
    finally:
        os._exit(code)


@dataclass
class Trial:
    """Mutants that are tried until a moment comes, so many at once."""

    jobs: int
    until: float
    alive: list[Mutant] = field(default_factory=list)
    number: int = 0

    def all_of(self, mutants: list[Mutant], session: pytest.Session | None = None) -> None:
        """Try mutants in forks of this process, with a session's tests or from the import on."""
        running: dict[int, Mutant] = {}
        waiting = iter(mutants)
        while True:
            while len(running) < self.jobs and time.monotonic() < self.until:
                mutant = next(waiting, None)
                if mutant is None:
                    break
                running[_start(mutant, session)] = mutant
                self.number += 1
            if not running:
                return
            pid, status = os.wait()
            mutant = running.pop(pid)
            if status == 0:
                self.alive.append(mutant)
                print(f"survives  {mutant}", file=sys.__stdout__, flush=True)


class _InsideFunctions:
    """Runs the collected tests, once as they are and then with each mutant, in processes of their own."""

    def __init__(self, trial: Trial, mutants: list[Mutant]) -> None:
        self._trial, self._mutants = trial, mutants
        self.clean = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, bool, bool]:
        session.items.sort(key=lambda item: item.name.startswith(_SLOW))
        self.clean = _passes(session)
        if self.clean:
            self._trial.all_of(self._mutants, session)
        session.items.clear()
        return (yield)


def main() -> int:
    """Try the mutants and print what survives; 1 if anything does that is not listed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", default=MODULES, help=f"default: {' '.join(MODULES)}")
    parser.add_argument("--seed", type=int, default=0, help="of the order in which they are tried")
    parser.add_argument("--minutes", type=float, default=30.0, help="begin none later than this")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once")
    given = parser.parse_args()
    for module in given.modules:
        if not (SCHEDULER / f"{module}.py").exists():
            parser.error(
                f"there is no module {module}: the modules are {', '.join(MODULES)}, event_queue and trace"
            )
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    hypothesis.settings.register_profile(
        "mutants", phases=[hypothesis.Phase.generate], derandomize=True, database=None, deadline=None
    )
    hypothesis.settings.load_profile("mutants")
    began = time.monotonic()
    listed = {
        entry["mutant"] for entry in tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["equivalent"]
    }
    everyone = [mutant for module in given.modules for mutant in mutants(module)]
    keys = {mutant.key for mutant in everyone}
    stale = sorted(key for key in listed - keys if re.split(r"[.:]", key)[0] in given.modules)
    tried = [mutant for mutant in everyone if mutant.key not in listed]
    random.Random(given.seed).shuffle(tried)
    trial = Trial(given.jobs, began + 60 * given.minutes)
    inside = _InsideFunctions(trial, [mutant for mutant in tried if mutant.function])
    clean = _passes(None)
    if clean:
        trial.all_of([mutant for mutant in tried if not mutant.function])
        _run_tests(inside)
    if not (clean and inside.clean):
        print("The tests fail without any mutant: mend them first.")
        return 1
    minutes = (time.monotonic() - began) / 60
    for mutant in sorted(trial.alive, key=lambda m: (m.module, m.line)):
        print(f"[[equivalent]]\nmutant = {json.dumps(mutant.key)}")
    for key in stale:
        print(f"listed as equivalent, and there is no such mutant: {key}")
    print(
        f"{len(trial.alive)} of {trial.number} mutants survive, {len(tried) - trial.number} were not tried, "
        f"{len(everyone) - len(tried)} are listed as equivalent; {minutes:.1f} min"
    )
    return 1 if trial.alive or stale else 0


if __name__ == "__main__":
    sys.exit(main())
