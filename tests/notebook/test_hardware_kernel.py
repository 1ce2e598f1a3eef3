"""A cell on hardware in a real kernel: the live card, and interrupts from outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.notebook.test_kernel import Kernel

pytest.importorskip("qiskit_ibm_runtime")
pytest.importorskip("uvicorn")

SLOW = (
    "%%qsession -b real --yes -o report\n"
    "import signal, threading\n"
    "jobs = [Sampler().run([isa], shots=100000) for _ in range(6)]\n"
    "print('submitted', flush=True)\n"
    "jobs[-1].result()\n"
)


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    kernel = Kernel()
    kernel.run("%load_ext qmode_jupyter")
    shown = kernel.run(
        "import warnings; warnings.simplefilter('ignore')\n"
        "from qiskit import QuantumCircuit, transpile\nfrom qmode_jupyter import RuntimeService, ibm\n"
        "bell = QuantumCircuit(2); bell.h(0); bell.cx(0, 1); bell.measure_all()\n"
        "cloud = RuntimeService('premium', speed=1.0, seed=1)\n"
        "real = ibm.service(cloud).backend('ibm_torino')\nisa = transpile(bell, real)"
    )
    assert shown["errors"] == []
    yield kernel
    kernel.run("cloud.close()")
    kernel.close()


def test_the_live_card_is_that_of_a_rehearsal_and_an_interrupt_ends_the_session(kernel: Kernel) -> None:
    request = kernel.send(SLOW)
    shown = kernel.wait(request, "submitted")
    kernel.manager.interrupt_kernel()
    rest = kernel.wait(request)
    assert [error["ename"] for error in rest["errors"]] == ["KeyboardInterrupt"]
    cards = [data for data in (*shown["updates"], *rest["updates"]) if "text/html" in data]
    assert "session on ibm_torino" in cards[-1]["text/plain"]
    assert "Closed" in cards[-1]["text/html"]
    assert "emulated" not in cards[-1]["text/html"], "these times are the service's"
    assert any("image/png" in data for data in rest["data"]), "the timeline is drawn all the same"
    states = kernel.run(
        "print(session.details()['state'], {str(j.state) for j in report.jobs} <= {'cancelled', 'done'}, "
        "[str(j.state) for j in report.jobs][-1], all(j.settled for j in cloud.trace(report.id).jobs))"
    )
    assert states["stdout"].split() == ["closed", "True", "cancelled", "True"]


def test_a_second_interrupt_meanwhile_leaves_nothing_open(kernel: Kernel) -> None:
    request = kernel.send(SLOW)
    kernel.wait(request, "submitted")
    for _ in range(3):
        kernel.manager.interrupt_kernel()
    rest = kernel.wait(request)
    assert rest["errors"]
    state = kernel.run("print([w.closed_at is None for w in cloud.workloads()])")
    assert "True" not in state["stdout"]
