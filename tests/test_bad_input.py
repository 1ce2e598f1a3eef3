"""Every mistake of the table is refused as the table says, and the next good job succeeds."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from comm import get_comm_manager
from comm.base_comm import BaseComm
from IPython.core.interactiveshell import InteractiveShell
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter

import qmode_jupyter
from qmode_jupyter import EstimatorV2, RuntimeService, SamplerV2, Session, planning
from qmode_jupyter.notebook import labextension
from qmode_jupyter.notebook.actions import act
from qmode_jupyter.notebook.display.widget import StatusWidget
from qmode_jupyter.scheduler.trace import Trace
from tests.bad_input import CALLS, DROPPED, FILES, IN_IBM_S_WORDS, MAGICS, REQUESTS, Call, File, Request
from tests.emulated import bell, service
from tests.notebook.cells import loaded_shell, run
from tests.receipt_data import DATA

SHOTS = 16
GOOD_CELL = f"""%%qsession -b aer_simulator -q
good = Sampler().run([bell], shots={SHOTS}).result()[0].data.meas"""
OLD_CELL = """%%qsession -b aer_simulator -q --name 'old run'
Sampler().run([bell]).result()"""
ANSWER_S = 10.0


def named(name: str, size: int = 1) -> QuantumCircuit:
    """A circuit that measures into a register of that name."""
    circuit = QuantumCircuit(
        QuantumRegister(1), ClassicalRegister(1, "measured"), ClassicalRegister(size, name)
    )
    circuit.measure(0, 0)
    return circuit


def wide() -> QuantumCircuit:
    """More than any machine can hold: 60 qubits, each with each."""
    circuit = QuantumCircuit(60)
    circuit.h(range(60))
    for qubit in range(59):
        circuit.t(qubit)
        circuit.cx(qubit, qubit + 1)
        circuit.h(qubit)
    circuit.measure_all()
    return circuit


@pytest.fixture(scope="module")
def names() -> Iterator[dict[str, Any]]:
    """What the calls of the table name, all on one service."""
    with service() as one:
        aer = one.backend("aer_simulator")
        sampler, closed = SamplerV2(aer), Session(aer)
        closed.close()
        rotated = QuantumCircuit(1)
        rotated.rx(Parameter("theta"), 0)
        rotated.measure_all()
        done = sampler.run([bell()], shots=SHOTS)
        done.result()
        yield {
            **{name: getattr(qmode_jupyter, name) for name in qmode_jupyter.__all__},
            "service": one,
            "aer": aer,
            "device": one.backend("generic_19q"),
            "bell": bell(),
            "rotated": rotated,
            "one": QuantumCircuit(1),
            "named": named,
            "wide": wide(),
            "sampler": sampler,
            "estimator": EstimatorV2(aer, options={"resilience_level": 0}),
            "session": Session(aer),
            "closed": closed,
            "done": done,
            "trace": one.trace(done.job_id()),
            "compare": planning.compare,
            "advise": planning.advise,
            "forecast": planning.forecast,
            "why": planning.why,
            "np": np,
        }


def runs_a_good_job(names: dict[str, Any]) -> bool:
    counts = names["sampler"].run([names["bell"]], shots=SHOTS).result()[0].data.meas.get_counts()
    return sum(counts.values()) == SHOTS and set(counts) <= {"00", "11"}


def told(says: str, names: dict[str, Any]) -> str:
    """What the table says, with the ids of this run."""
    ids = {
        "{job}": names["done"].job_id(),
        "{session}": names["session"].session_id,
        "{runtime}": names["service"].runtime.id,
        "{short}": names["service"].runtime.id[:8],
        "{sessions}": str(len(names["service"].workloads())),
    }
    for word, identifier in ids.items():
        says = says.replace(word, identifier)
    return says


# ---- the table itself


def test_the_table_has_all_kinds_and_says_nothing_twice() -> None:
    assert len(MAGICS) + len(CALLS) + len(REQUESTS) + len(FILES) >= 200
    assert len({cell for cell, _ in MAGICS}) == len(MAGICS)
    assert len({call.code for call in CALLS}) == len(CALLS)
    assert {request.over for request in REQUESTS} == {"control", "comm", "widget"}
    assert {file.kind for file in FILES} == {"trace", "receipt"}


@pytest.mark.parametrize(
    "says",
    [says for _, says in MAGICS] + [one.says for table in (CALLS, REQUESTS, FILES) for one in table],
)
def test_what_is_said_is_one_clear_line(says: str) -> None:
    assert says.isprintable()
    if not says.startswith(IN_IBM_S_WORDS):
        assert re.search(r"[^.][.?]$|\.run\(circuit\)$", says), says
    assert re.search(r"\.\. |[a-z] Nothing was", says) is None, says
    python = r"object has no attribute|object is not|unexpected keyword|Traceback| at 0x"
    assert re.search(python, says) is None, says


# ---- cells and commands


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InteractiveShell]:
    folder = tmp_path_factory.mktemp("cells")
    (folder / "taken.json").write_text("{}")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with loaded_shell() as one:
            assert run(one, OLD_CELL)[1] is None
            yield one


@pytest.mark.parametrize(("cell", "says"), MAGICS, ids=[cell for cell, _ in MAGICS])
def test_a_cell(shell: InteractiveShell, cell: str, says: str) -> None:
    (job,) = [job for job in RuntimeService().jobs(limit=None) if job.session_id == old_session()]
    files = {path: path.lstat().st_mtime_ns for path in Path().iterdir()}
    shown, error = run(
        shell, cell.replace("{job}", job.job_id()) + ("\nran = 1" if cell.startswith("%%") else "")
    )
    assert type(error).__name__ == "UsageError"
    said = (shown.stdout + shown.stderr).strip().removeprefix("UsageError: ")
    assert said == says.replace("{job}", job.job_id())
    assert "ran" not in shell.user_ns
    assert {path: path.lstat().st_mtime_ns for path in Path().iterdir()} == files
    shell.run_cell(GOOD_CELL)
    assert shell.user_ns.pop("good").num_shots == SHOTS


def old_session() -> str:
    (old,) = [workload.id for workload in RuntimeService().workloads() if workload.name == "old run"]
    return old


# ---- Python calls


@pytest.mark.parametrize("call", CALLS, ids=[call.code for call in CALLS])
def test_a_call(names: dict[str, Any], call: Call) -> None:
    jobs = len(names["service"].jobs(limit=None))
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its class is the table's to say
        eval(call.code, names)
    assert (type(caught.value).__name__, str(caught.value)) == (call.kind, told(call.says, names))
    submitted = call.code.endswith(".result()")
    assert len(names["service"].jobs(limit=None)) == jobs + submitted
    assert runs_a_good_job(names)


# ---- what a page sends


class Comm(BaseComm):
    """A comm whose messages are kept."""

    def publish_msg(self, msg_type: str, data: Any = None, *_: Any, **__: Any) -> None:
        _answers.append(data)


_answers: list[Any] = []


@pytest.fixture(scope="module")
def pages(names: dict[str, Any]) -> Iterator[dict[str, Callable[[Any], Any]]]:
    """How a request gets to the service in use, and its answer back."""
    replies: list[dict[str, Any]] = []
    kernel = SimpleNamespace(
        control_handlers={},
        session=SimpleNamespace(send=lambda stream, kind, answer, *_: replies.append(answer)),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(labextension, "create_comm", Comm)
        publisher = labextension.StatusPublisher(kernel)
        publisher.open()
        publisher.follow(names["service"])
        publisher.flush()
        (comm,) = get_comm_manager().comms.values()
        widget = StatusWidget("a line", lambda: "<p>still</p>", {})
        heard: list[Any] = []
        widget.send = lambda content, buffers=None: heard.append(content)
        widget.on_action(lambda request: act(names["service"].runtime, request))

        async def asked(content: Any) -> dict[str, Any]:
            await kernel.control_handlers[labextension.REQUEST](None, None, {"content": content})
            async with asyncio.timeout(ANSWER_S):
                while not replies:
                    await asyncio.sleep(0)
            return replies.pop()

        def over_comm(content: Any) -> dict[str, Any]:
            comm.handle_msg({"content": {"data": content}})
            return next(data["answer"] for data in reversed(_answers) if "answer" in data)

        def over_widget(content: Any) -> dict[str, Any]:
            data = {"method": "custom", "content": content}
            widget._handle_msg({"content": {"data": data}, "buffers": []})
            return heard[-1]

        yield {
            "control": lambda content: asyncio.run(asked(content)),
            "comm": over_comm,
            "widget": over_widget,
        }
        publisher.close()
        widget.close()


@pytest.mark.parametrize(
    "request_", REQUESTS, ids=[f"{one.over} {str(one.content)[:60]}" for one in REQUESTS]
)
def test_a_request(names: dict[str, Any], pages: dict[str, Callable[[Any], Any]], request_: Request) -> None:
    content = json.loads(told(json.dumps(request_.content), names))
    answer = pages[request_.over](content)
    assert (answer["ok"], answer["error"]) == (False, told(request_.says, names))
    assert names["session"].details()["accepting_jobs"] is True
    assert runs_a_good_job(names)


# ---- files


def changed(data: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    data = deepcopy(data)
    for path, value in changes.items():
        *inside, last = path.split(".")
        part = data
        for name in inside:
            part = part[int(name)] if isinstance(part, list) else part[name]
        if value == DROPPED:
            del part[last]
        else:
            part[last] = value
    return data


@pytest.mark.parametrize("file", FILES, ids=[f"{one.kind} {str(one.content)[:60]}" for one in FILES])
def test_a_file(names: dict[str, Any], tmp_path: Path, file: File) -> None:
    path = tmp_path / "given.json"
    if isinstance(file.content, bytes):
        path.write_bytes(file.content)
    else:
        good = json.loads(names["trace"].save(path).read_text()) if file.kind == "trace" else DATA
        path.write_text(json.dumps(changed(good, file.content)))
    read: Callable[[Path], Any] = Trace.load if file.kind == "trace" else names["service"].receipt
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the same
        read(path)
    said = str(caught.value).replace(str(path), "{path}")
    assert (type(caught.value).__name__, said) == (file.error, file.says)
    assert runs_a_good_job(names)
