"""Jobs that a cell runs beside its session are named when it ends."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from qiskit.primitives import BasePrimitiveJob
from qiskit.providers import JobV1

from tests.notebook.cells import run

#: IBM's client says so of its primitives at the top, since 0.50.
pytestmark = pytest.mark.filterwarnings("ignore:The SamplerV2 class is deprecated:DeprecationWarning")

JOINS = "The cell's own Sampler and Estimator, and those of qmode_jupyter, join it."
HERE = "whose jobs ran at once, in no queue"
OF_IBM = "from qiskit_ibm_runtime import SamplerV2\n"
CELL = "%%qsession -b aer_simulator -q\n"
RUN = ".run([bell]).result()\n"


def shown(shell: InteractiveShell, cell: str) -> str:
    out, error = run(shell, cell)
    assert error is None, out.stdout + out.stderr
    return out.stdout.strip()


@pytest.fixture(autouse=True)
def without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """IBM's client alone: its primitives can't join."""
    monkeypatch.setattr("qmode_jupyter.notebook.ibm_client.ibm_is_installed", lambda: False)


@pytest.fixture(autouse=True)
def nothing_of_qiskits_is_left_changed() -> Iterator[None]:
    before = BasePrimitiveJob.__init__, JobV1.__init__
    yield
    assert (BasePrimitiveJob.__init__, JobV1.__init__) == before


@pytest.mark.parametrize("mode", ["backend", "AerSimulator()", "FakeManilaV2()"])
def test_a_primitive_of_ibms_is_named_whatever_its_mode_is(shell: InteractiveShell, mode: str) -> None:
    pytest.importorskip("qiskit_ibm_runtime")
    run(shell, "from qiskit_aer import AerSimulator\n" + OF_IBM)
    run(shell, "from qiskit_ibm_runtime.fake_provider import FakeManilaV2\nfrom qiskit import transpile")
    body = f"circuit = transpile(bell, {mode})\n"
    line = shown(shell, CELL + body + f"counts = SamplerV2(mode={mode}).run([circuit]).result()")
    assert line == f"This session saw no job: SamplerV2 came from qiskit_ibm_runtime, {HERE}. {JOINS}"


def test_it_is_named_beside_jobs_that_the_session_saw(shell: InteractiveShell) -> None:
    pytest.importorskip("qiskit_ibm_runtime")
    cell = CELL.replace("session", "batch") + OF_IBM
    line = shown(shell, cell + f"_ = Sampler(){RUN}for _ in 'ab':\n    _ = SamplerV2(mode=backend){RUN}")
    assert line == (
        f"Not every job ran in this batch: SamplerV2 came from qiskit_ibm_runtime, {HERE}. {JOINS}"
    )


def test_the_client_side_primitives_and_the_executor_are_named_by_their_modules(
    shell: InteractiveShell,
) -> None:
    pytest.importorskip("qiskit_ibm_runtime")
    body = f"from qiskit_ibm_runtime.executor_sampler import Sampler as Theirs\n_ = Theirs(mode=backend){RUN}"
    line = shown(shell, CELL + body)
    assert line == (
        f"This session saw no job: Sampler came from qiskit_ibm_runtime.executor_sampler, {HERE}. {JOINS}"
    )
    body = (
        "from qiskit_ibm_runtime import Executor, QuantumProgram\nprogram = QuantumProgram(shots=10)\n"
        "program.append_circuit_item(bell)\n_ = Executor(mode=backend).run(program).result()"
    )
    assert f"saw no job: Executor came from qiskit_ibm_runtime, {HERE}. {JOINS}" in shown(shell, CELL + body)


def test_a_primitive_of_ibms_without_a_mode_fails_and_the_cell_says_why(shell: InteractiveShell) -> None:
    pytest.importorskip("qiskit_ibm_runtime")
    out, error = run(shell, CELL + OF_IBM + "SamplerV2()")
    assert "A backend or session must be specified" in str(error)
    assert (
        f"This session saw no job: SamplerV2 came from qiskit_ibm_runtime, which can't see it. {JOINS}"
        in out.stdout
    )


def test_a_primitive_of_ours_without_a_mode_outside_is_no_stranger(shell: InteractiveShell) -> None:
    out, error = run(shell, "%%qjob -b aer_simulator -q\nSampler()")
    assert "A backend or session must be specified" in str(error)
    assert "saw no job" not in out.stdout


def test_a_package_that_calls_run_of_the_backend_is_named(shell: InteractiveShell) -> None:
    corrector = types.ModuleType("corrector")
    exec("def calibrate(backend, circuit):\n    return backend.run(circuit).result()", corrector.__dict__)
    sys.modules["corrector"] = corrector
    try:
        body = "import corrector\n_ = corrector.calibrate(backend, bell)"
        line = shown(shell, CELL + f"_ = Sampler(){RUN}" + body)
        assert line == (
            "Not every job ran in this session: run() of aer_simulator was called by corrector, which "
            f"hardware has not and no queue sees. {JOINS}"
        )
    finally:
        del sys.modules["corrector"]
    line = shown(shell, "%%qjob -b aer_simulator -q\n_ = backend.run(bell).result()")
    assert line.startswith("This cell saw no job: run() of aer_simulator was called, which hardware has not")


def test_a_simulation_to_compare_with_is_named_only_where_the_session_saw_no_job(
    shell: InteractiveShell,
) -> None:
    imports = "from qiskit.primitives import StatevectorSampler\nfrom qiskit_aer import AerSimulator\n"
    run(shell, imports + "from qiskit_aer.primitives import SamplerV2 as Aers")
    body = f"_ = StatevectorSampler(){RUN}_ = Aers(){RUN}_ = AerSimulator().run(bell).result()\n"
    assert shown(shell, CELL + body + f"_ = Sampler(){RUN}") == ""
    line = shown(shell, CELL + body)
    assert line == (
        f"This session saw no job: StatevectorSampler came from qiskit.primitives, {HERE}; SamplerV2 came "
        f"from qiskit_aer.primitives, {HERE}; run() of aer_simulator was called, which hardware has not and "
        f"no queue sees. {JOINS}"
    )


def test_qiskits_primitive_on_a_backend_is_no_comparison(shell: InteractiveShell) -> None:
    body = f"from qiskit.primitives import BackendSamplerV2\n_ = BackendSamplerV2(backend=backend){RUN}"
    line = shown(shell, CELL + f"_ = Sampler(){RUN}" + body)
    assert line.startswith("Not every job ran in this session: BackendSamplerV2 came from qiskit.primitives")


def test_a_job_of_another_thread_of_the_cell_is_named(shell: InteractiveShell) -> None:
    pytest.importorskip("qiskit_ibm_runtime")
    imports = OF_IBM + "from concurrent.futures import ThreadPoolExecutor\n"
    for task in (f"lambda: SamplerV2(mode=backend){RUN.strip()}", "SamplerV2(mode=backend).run, [bell]"):
        body = f"with ThreadPoolExecutor() as pool:\n    _ = pool.submit({task}).result()"
        assert "saw no job: SamplerV2 came from qiskit_ibm_runtime," in shown(shell, CELL + imports + body)


def test_a_cell_with_jobs_of_its_own_or_none_at_all_says_nothing(shell: InteractiveShell) -> None:
    assert shown(shell, CELL + f"_ = Sampler(){RUN}") == ""
    assert shown(shell, CELL + "x = 1") == ""
    inner = "from qmode_jupyter import Session\nwith Session(backend):\n    _ = Sampler()" + RUN
    assert shown(shell, CELL + inner) == ""
    assert shown(shell, "x = 2") == ""


def test_a_job_that_is_looked_up_did_not_run_here(shell: InteractiveShell) -> None:
    pytest.importorskip("qiskit_ibm_runtime")
    body = "from qiskit_ibm_runtime import RuntimeJobV2\n_ = RuntimeJobV2(None, None, 'job', 'sampler', None)"
    assert shown(shell, CELL + body) == ""


def test_what_can_t_be_looked_at_is_still_run(shell: InteractiveShell) -> None:
    run(shell, "from qiskit.providers import JobV1")
    cell = "class Odd(JobV1):\n    submit = result = cancel = status = lambda self: 3\n"
    cell += "x = Odd(None, '').result()"
    assert shown(shell, CELL + cell) == ""
    assert shell.user_ns["x"] == 3


def test_an_interrupt_while_they_are_looked_at_closes_the_session_too(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("qmode_jupyter.notebook.outside_jobs.OutsideJobs.line", interrupted)
    _, error = run(shell, CELL + "x = session")
    assert isinstance(error, KeyboardInterrupt)
    assert shell.user_ns["x"].status() == "Closed"
