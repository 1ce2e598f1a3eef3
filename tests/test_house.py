"""The rules of the house that no other tool checks."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from collections import deque
from collections.abc import Iterator
from contextvars import ContextVar
from importlib.metadata import requires
from pathlib import Path
from threading import Lock, RLock, Thread
from types import FunctionType
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "qmode_jupyter"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "labextension" not in path.parts)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

#: Where a distribution's import name is not its own name.
IMPORT_NAMES = {"pillow": "PIL", "ipython": "IPython", "pyjwt": "jwt"}
#: What we import without declaring it: the dependency that can't be installed without it.
COMES_WITH = {
    "PIL": "matplotlib",
    "comm": "ipykernel",
    "jupyter_client": "ipykernel",
    "psutil": "qiskit-aer",
    "scipy": "qiskit",
    "tornado": "ipykernel",
    "traitlets": "ipython",
}
#: Imports that are not of the core, and the extra that brings them.
EXTRAS = {
    "ibm_quantum_schemas": "ibm",
    "jwt": "ibm",
    "pydantic": "ibm",
    "qiskit_ibm_runtime": "ibm",
    "requests": "ibm",
    "starlette": "ibm",
    "uvicorn": "ibm",
}
#: Only these may unpickle: what the main process wrote for its own workers, into a private folder (0700), and
#: what they and it say to each other over a socket that nobody else can reach.
UNPICKLERS = {"simulation/object_store.py", "simulation/worker_main.py"}
#: Modules without a test file of their name, and why.
WITHOUT_TEST: dict[str, str] = dict.fromkeys(
    {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py", "__main__.py", "errors.py"},
    "IBM's name for a module: nothing but the names in it, which test_exports reads",
) | {
    "runtime/drills.py": "data: test_drill_run shows each of them",
    "runtime/settings.py": "data: what each setting does is its reader's to show",
}
#: What lives as long as the process, where it stands, and why there can be only one.
MODULE_STATE: dict[str, str] = {
    "runtime/store/liveness.py:_held": "what a fork of this process must let go of",
    "simulation/pool.py:shared": "the worker processes that all share: the cores are the same for all",
    "simulation/process.py:_alive": "what a fork of this process must let go of",
    "simulation/process.py:_starting": "no fork of this process while one is started",
    "simulation/workers.py:_open": "what the end of the interpreter has to end",
    "client/process.py:open_services": "code names no account: made again, a service is the same one (A29)",
    "client/process.py:with_blocks": "code names no session: primitives join the `with` around them (S17)",
    "ibm/connect.py:_making": "the environment is the process's, and is ours while IBM's client is made",
    "ibm/connect.py:_servers": "a service listens once; the server goes with it",
    "style/warn.py:_kept": "whether warnings of this context are kept, for who asked over the wire",
}
#: What `import qmode_jupyter` must not load; each takes a tenth of a second or more.
HEAVY = {
    "IPython",
    "anywidget",
    "ipywidgets",
    "matplotlib",
    "numpy",
    "qiskit",
    "qiskit_aer",
}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else ROOT).as_posix()


def texts() -> Iterator[tuple[str, str]]:
    """Every text file of the repository, or of an unpacked sdist, with its path."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
        paths = [ROOT / name for name in listed.split("\0") if name]
    else:
        out = {"node_modules", "labextension/lib", "qmode_jupyter/labextension", "__pycache__"}
        paths = [
            path
            for path in ROOT.rglob("*")
            if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
            and not any(f"/{name}/" in f"/{path.relative_to(ROOT).as_posix()}/" for name in out)
        ]
    for path in paths:
        if path.is_file():
            try:
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # a picture


def imported(tree: ast.AST) -> set[str]:
    """The top-level names of all that a module imports, at its head or inside a function."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def distributions(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w-]+", line).group().lower() for line in requirements if "extra ==" not in line}


def import_names(requirements: list[str]) -> set[str]:
    return {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in distributions(requirements)}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_is_named_manager_helper_or_util(path: Path) -> None:
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    names = [path.stem, *(node.name for node in ast.walk(tree_of(path)) if isinstance(node, kinds))]
    vague = [name for name in names if re.search(r"manager|helper|util(s|$)", name, re.IGNORECASE)]
    assert not vague


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_what_a_module_imports_is_declared(path: Path) -> None:
    known = import_names(PROJECT["dependencies"]) | set(COMES_WITH) | set(EXTRAS)
    foreign = imported(tree_of(path)) - set(sys.stdlib_module_names) - {"qmode_jupyter"}
    assert foreign <= known, f"{name_of(path)} imports {sorted(foreign - known)}: not in pyproject.toml"


@pytest.mark.parametrize(("name", "parent"), COMES_WITH.items())
def test_what_comes_with_a_dependency_does(name: str, parent: str) -> None:
    assert parent in distributions(PROJECT["dependencies"])
    assert name in import_names(requires(parent))


@pytest.mark.parametrize(("name", "extra"), EXTRAS.items())
def test_an_extra_brings_its_import(name: str, extra: str) -> None:
    assert name in import_names(PROJECT["optional-dependencies"][extra])


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "__init__.py"], ids=name_of)
def test_a_module_has_a_test_file_of_its_name(path: Path) -> None:
    inside = path.relative_to(PACKAGE)
    test = ROOT / "tests" / inside.with_name(f"test_{path.name}")
    if name_of(path) in WITHOUT_TEST:
        assert not test.exists(), f"{name_of(path)} has a test now: take it off the list"
    else:
        assert test.is_file(), f"{name_of(path)} has no {test.relative_to(ROOT)}"


def module_state(path: Path) -> set[str]:
    """What changes in a module while a process runs: names that a function rebinds, values that change."""
    tree = tree_of(path)
    rebound = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    dotted = name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    values = vars(importlib.import_module(f"qmode_jupyter.{dotted}"))
    bound = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id.lower() == target.id and not target.id.startswith("__")
    }
    changing = (dict, list, set, deque, WeakSet, WeakKeyDictionary, WeakValueDictionary, ContextVar, Thread)
    locks = type(Lock()), type(RLock())
    return rebound | {
        name
        for name in bound
        if isinstance(values.get(name), (*changing, *locks))
        or (
            type(values.get(name)).__module__.startswith("qmode_jupyter.")
            and not getattr(type(values[name]), "__dataclass_params__", None)
        )
    }


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.name not in ("__init__.py", "__main__.py")], ids=name_of
)
def test_a_module_keeps_no_state(path: Path) -> None:
    found = {f"{name_of(path)}:{name}" for name in module_state(path)}
    listed = {one for one in MODULE_STATE if one.startswith(f"{name_of(path)}:")}
    assert found == listed


def test_errors_import_nothing_but_the_standard_library_and_how_texts_are_shown() -> None:
    known = set(sys.stdlib_module_names)
    for name in ("characters.py", "tracebacks.py"):
        assert imported(tree_of(PACKAGE / "style" / name)) <= known
    assert imported(tree_of(PACKAGE / "errors.py")) <= known | {"qmode_jupyter"}
    theirs = {"qmode_jupyter.style.characters", "qmode_jupyter.style.tracebacks"}
    text = (PACKAGE / "errors.py").read_text(encoding="utf-8")
    assert (
        set(re.findall(r"from (qmode_jupyter\S*) import", text.partition("__all__")[0].rpartition('"""')[2]))
        == theirs
    )


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_pickle_is_read(path: Path) -> None:
    if name_of(path) in UNPICKLERS:
        return
    tree = tree_of(path)
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    readers = [
        call
        for call in calls
        if re.fullmatch(r"(\w*pickle|dill|marshal|shelve)\.(load|loads|open|Unpickler)", call)
    ]
    assert not readers
    keywords = [
        node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "allow_pickle"
    ]
    assert all(isinstance(one.value, ast.Constant) and one.value.value is False for one in keywords)


def test_import_loads_nothing_heavy() -> None:
    script = "import sys, qmode_jupyter; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True, cwd=ROOT)
    assert not HEAVY & set(run.stdout.split())


def test_every_public_name_is_there_and_says_what_it_is() -> None:
    face = importlib.import_module("qmode_jupyter")
    mute = []
    for name in face.__all__:
        value = getattr(face, name)
        if name == "__version__":
            continue
        if not inspect.getdoc(value):
            mute.append(name)
        if inspect.isclass(value):
            mute += [
                f"{name}.{key}"
                for key, member in vars(value).items()
                if not key.startswith("_")
                and isinstance(member, FunctionType | classmethod | staticmethod | property)
                and not inspect.getdoc(getattr(value, key))
            ]
    assert not mute


def test_the_package_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_no_registry_and_no_machine_path_is_named() -> None:
    # Written apart, or this file would find itself.
    hosts = [("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("debian", "org")]
    parts = [rf"\b{name}\.{top}\b" for name, top in hosts]
    parts += [rf"(?<![\w.])/{name}/" for name in ("root", "work", "Users", "home/[a-z]")]
    pattern = re.compile("|".join(parts))
    found = [f"{path}: {match.group()}" for path, text in texts() for match in pattern.finditer(text)]
    assert not found


def test_no_notebook_holds_a_temporary_path() -> None:
    assert not [path for path, text in texts() if path.endswith(".ipynb") and f"/{'tmp'}/" in text]
