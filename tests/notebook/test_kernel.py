"""A real kernel, spoken to as a front end does: interrupts, freezes, and what is left behind."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

TIMEOUT_S = 60


class Kernel:
    def __init__(self, **start: Any) -> None:
        self.manager = KernelManager()
        self.manager.start_kernel(extra_arguments=["--log-level=ERROR"], **start)
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=TIMEOUT_S)
        pid = self.run("import os; print(os.getpid())")["stdout"]
        self.process = psutil.Process(int(pid))

    def send(self, code: str) -> str:
        return self.client.execute(code)

    def wait(self, request: str, text: str = "") -> dict[str, Any]:
        """Collect what a cell shows until the kernel is idle again, or it has printed `text`."""
        shown: dict[str, Any] = {"stdout": "", "stderr": "", "errors": [], "data": [], "updates": []}
        while not text or text not in shown["stdout"]:
            message = self.client.get_iopub_msg(timeout=TIMEOUT_S)
            if message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                shown[content["name"]] += content["text"]
            elif kind == "error":
                shown["errors"].append(content)
            elif kind in ("display_data", "execute_result"):
                shown["data"].append(content["data"])
            elif kind == "update_display_data":
                shown["updates"].append(content["data"])
            elif kind == "status" and content["execution_state"] == "idle":
                break
        return shown

    def run(self, code: str) -> dict[str, Any]:
        return self.wait(self.send(code))

    def children(self) -> list[psutil.Process]:
        """Return the kernel's processes."""
        return self.process.children(recursive=True)

    def cpu_percent(self) -> float:
        """Return how much of a core the busiest of its processes takes."""
        most = 0.0
        for process in self.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                most = max(most, process.cpu_percent(0.2))
        return most

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel()


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    kernel.run("%load_ext qmode_jupyter")
    kernel.run(
        "from qiskit import QuantumCircuit\n"
        "bell = QuantumCircuit(2); bell.h(0); bell.cx(0, 1); bell.measure_all()\n"
        "def ghz(n):\n"
        "    c = QuantumCircuit(n); c.h(0)\n"
        "    for i in range(1, n): c.cx(0, i)\n"
        "    for i in range(n): c.t(i); c.rx(0.3, i)\n"
        "    c.measure_all(); return c"
    )
    yield kernel
    kernel.close()


def test_a_cell_leaves_a_still_card_and_a_timeline(kernel: Kernel) -> None:
    shown = kernel.run(
        "%%qsession -b aer_simulator --name kept\nfor _ in range(3):\n    Sampler().run([bell]).result()"
    )
    assert shown["errors"] == []
    card = [*shown["data"], *shown["updates"]]
    assert any("session kept on aer_simulator" in d.get("text/plain", "") for d in card)
    last = shown["updates"][-1]
    assert last["text/html"].startswith("<")
    assert "kept" in last["text/html"]
    assert "application/vnd.jupyter.widget-view+json" not in last
    assert any("image/png" in d for d in shown["data"])


#: Cells that go wrong before there is a job: at once, and when the live card is there already.
BEFORE_THE_FIRST_JOB = {
    "at once": "1 / 0",
    "later": """
import gc, threading
from qmode_jupyter.notebook.display.widget import StatusWidget
while not any(isinstance(one, StatusWidget) for one in gc.get_objects()):
    threading.Event().wait(0.02)
1 / 0
""",
    "by its budget": "Sampler().run([bell])",
}


@pytest.mark.parametrize("name", BEFORE_THE_FIRST_JOB)
@pytest.mark.parametrize("magic", ["qsession", "qbatch", "qjob"])
def test_what_goes_wrong_before_the_first_job_leaves_the_error_alone(
    kernel: Kernel, magic: str, name: str
) -> None:
    budget = "--budget 1s" if name == "by its budget" else ""
    body = BEFORE_THE_FIRST_JOB[name].replace(
        "Sampler()", "Sampler(mode=backend)" if magic == "qjob" else "Sampler()"
    )
    shown = kernel.run(f"%%{magic} -b aer_simulator {budget}\n{body}")
    assert len(shown["errors"]) == 1
    assert shown["updates"][-1] == {"text/plain": "", "text/html": ""}
    assert not any("image/png" in data for data in shown["data"])
    assert (shown["stdout"], shown["stderr"]) == ("", "")


def test_what_goes_wrong_after_a_job_leaves_card_and_timeline(kernel: Kernel) -> None:
    shown = kernel.run("%%qsession -b aer_simulator\nSampler().run([bell]).result()\n1 / 0")
    assert len(shown["errors"]) == 1
    assert "Closed" in shown["updates"][-1]["text/html"]
    assert any("image/png" in data for data in shown["data"])


def test_what_the_service_refuses_shows_the_line_of_the_person_and_one_of_ours(kernel: Kernel) -> None:
    kernel.run("%%qjob -b aer_simulator -q\njob = Sampler(backend, {'max_execution_time': 1}).run([bell])")
    for cell, line in (
        ("%%qsession -b aer_simulator -q\n\nsession.close()\nSampler().run([bell])", 4),
        ("x = 1\njob.result()", 2),
    ):
        (error,) = kernel.run(cell)["errors"]
        text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error["traceback"]))
        assert re.findall(r"Cell In\[\d+\], line (\d+)", text) == [str(line)]
        assert ".py" not in text
        assert text.strip().splitlines()[-1].startswith(error["ename"])


def test_an_interrupt_with_twenty_jobs_is_over_within_a_second(kernel: Kernel) -> None:
    request = kernel.send(
        "%%qsession -b aer_simulator --name stopped -o stopped\n"
        "jobs = [Sampler().run([ghz(25)], shots=5000) for _ in range(20)]\n"
        "print('submitted', flush=True)\n"
        "jobs[-1].result()"
    )
    while True:
        message = kernel.client.get_iopub_msg(timeout=TIMEOUT_S)
        if message["msg_type"] == "stream" and "submitted" in message["content"]["text"]:
            break
    began = time.monotonic()
    kernel.manager.interrupt_kernel()
    shown = kernel.wait(request)
    took_s = time.monotonic() - began
    print(f"back at the prompt after {took_s:.2f} s")
    assert [e["ename"] for e in shown["errors"]] == ["KeyboardInterrupt"]
    assert any("image/png" in d for d in shown["data"])
    told = kernel.run(
        "import json\nleft = stopped.trace.workloads[0].unfinished\n"
        "print(json.dumps([[j.status() for j in jobs], session.status(), left]))"
    )
    statuses, status, unfinished = json.loads(told["stdout"])
    assert set(statuses) <= {"CANCELLED", "DONE"}
    assert statuses.count("CANCELLED") >= 18
    assert (status, unfinished) == ("Closed", 0)
    idle = kernel.run(
        "from qmode_jupyter.simulation.pool import shared\nimport threading, time\n"
        "end = time.monotonic() + 5\n"
        "pool = shared.workers\n"
        "while pool.idle < pool.count and time.monotonic() < end: threading.Event().wait(0.01)\n"
        "print(pool.idle == pool.count)"
    )
    assert idle["stdout"].strip() == "True"
    # The processes that take the place of the stopped ones are busy at first, with their imports.
    assert any(kernel.cpu_percent() < 20 for _ in range(50)), "a worker is still busy"


def test_the_main_thread_is_never_away_long_during_a_simulation(kernel: Kernel) -> None:
    shown = kernel.run(
        "%%qsession -b aer_simulator -q\n"
        "import time\n"
        "job = Sampler().run([ghz(24)], shots=3000)\n"
        "gaps, last = [], time.perf_counter()\n"
        "while not job.done() and len(gaps) < 4000:\n"
        "    time.sleep(0.001)\n"
        "    now = time.perf_counter(); gaps.append(now - last); last = now\n"
        "print(len(gaps), max(gaps))"
    )
    assert shown["errors"] == []
    ticks, _longest = shown["stdout"].split()
    print(f"longest absence {float(_longest) * 1000:.0f} ms in {ticks} ticks")
    assert int(ticks) > 50  # it ran on beside the simulation


def test_unloading_leaves_no_thread_and_no_process(kernel: Kernel) -> None:
    kernel.run("%%qsession -b aer_simulator -q\nSampler().run([bell]).result()")
    assert kernel.children()
    shown = kernel.run(
        "%unload_ext qmode_jupyter\nimport threading\n"
        "print([t.name for t in threading.enumerate() if 'qmode' in t.name or 'loop' in t.name.lower()])"
    )
    assert "qmode" not in shown["stdout"]
    _, alive = psutil.wait_procs(kernel.children(), timeout=10)
    assert alive == []
    shown = kernel.run("%load_ext qmode_jupyter")
    shown = kernel.run("%%qsession -b aer_simulator -q\nSampler().run([bell]).result()")
    assert shown["errors"] == []


def test_shutting_down_leaves_no_process_and_complains_of_nothing(tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("w") as complaints:
        kernel = Kernel(stderr=complaints)
        kernel.run("%load_ext qmode_jupyter")
        kernel.run("from qmode_jupyter import default_service; default_service().backend('aer_simulator')")
        ended = tmp_path / "ended"
        kernel.run(f"import atexit; atexit.register(lambda: open({str(ended)!r}, 'w').close())")
        children = kernel.process.children(recursive=True)
        kernel.close()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert ended.exists(), "the kernel was killed before it ended by itself"
    assert "leaked" not in (tmp_path / "stderr").read_text()
