"""IBM's own primitives in a cell run their jobs in its session or batch, in the client's own one."""

from __future__ import annotations

import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.notebook.cells import run

pytest.importorskip("qiskit_ibm_runtime")
pytest.importorskip("uvicorn")

#: IBM's client says so of its primitives at the top, since 0.50.
pytestmark = pytest.mark.filterwarnings("ignore:The (Sampler|Estimator)V2 class is deprecated")

IBM = "from qiskit_ibm_runtime import SamplerV2, EstimatorV2\n"
CELL = "%%qsession -b aer_simulator -q -o report\n"
COUNTS = ".run([bell], shots=100).result()[0].data.meas.get_counts()\n"


def ran(shell: InteractiveShell, cell: str) -> str:
    """What a cell says; its jobs have all run in its session."""
    out, error = run(shell, cell)
    assert error is None, out.stdout + out.stderr
    return (out.stdout + out.stderr).strip()


def test_a_sampler_without_a_mode_joins_the_session(shell: InteractiveShell) -> None:
    body = IBM + "sampler = SamplerV2()\njob = sampler.run([bell], shots=100)\n"
    assert ran(shell, CELL + body + "counts = job.result()[0].data.meas.get_counts()") == ""
    names = shell.user_ns
    assert type(names["job"]).__module__ == "qiskit_ibm_runtime.runtime_job_v2"
    assert set(names["counts"]) <= {"00", "11"}
    assert sum(names["counts"].values()) == 100
    assert [job.id for job in names["report"].jobs] == [names["job"].job_id()]
    assert names["job"].session_id == names["session"].session_id == names["report"].id
    assert names["session"].status() == "Closed"
    assert names["report"].usage_s >= names["report"].jobs[0].charged_s > 0


def test_both_primitives_join_a_batch_on_a_device(shell: InteractiveShell) -> None:
    setup = (
        "from qiskit.quantum_info import SparsePauliOp\n"
        "from qiskit.transpiler import generate_preset_pass_manager\n"
        "plain = bell.remove_final_measurements(inplace=False)\n"
    )
    body = (
        "manager = generate_preset_pass_manager(1, backend)\nisa, open_ended = manager.run([bell, plain])\n"
        "zz = SparsePauliOp('ZZ').apply_layout(open_ended.layout)\n"
        "jobs = [SamplerV2().run([isa]), EstimatorV2().run([(open_ended, zz)])]\n"
        "value = jobs[1].result()[0].data.evs\n"
    )
    run(shell, setup)
    assert ran(shell, "%%qbatch -q -o report\n" + IBM + body) == ""
    assert [job.program for job in shell.user_ns["report"].jobs] == ["sampler", "estimator"]
    assert {job.workload for job in shell.user_ns["report"].jobs} == {shell.user_ns["batch"].session_id}
    assert 0.8 < float(shell.user_ns["value"]) <= 1


def test_the_client_side_primitives_and_the_executor_join(shell: InteractiveShell) -> None:
    body = (
        "from qiskit_ibm_runtime.executor_sampler import Sampler as Theirs\n"
        "from qiskit_ibm_runtime import Executor, QuantumProgram\n"
        f"counts = Theirs(){COUNTS}"
        "program = QuantumProgram(shots=10)\nprogram.append_circuit_item(bell)\n"
        "shape = Executor().run(program).result()[0]['meas'].shape\n"
    )
    assert ran(shell, CELL + body) == ""
    assert set(shell.user_ns["counts"]) <= {"00", "11"}
    assert shell.user_ns["shape"] == (10, 2)
    assert [job.state.value for job in shell.user_ns["report"].jobs] == ["done", "done"]


@pytest.mark.parametrize("mode", ["backend", "AerSimulator()", "session"])
def test_a_backend_that_stands_for_the_cells_joins_with_the_clients_note(
    shell: InteractiveShell, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    body = f"from qiskit_aer import AerSimulator\n{IBM}counts = SamplerV2(mode={mode}){COUNTS}"
    assert "saw no job" not in ran(shell, CELL + body)
    assert [job.state.value for job in shell.user_ns["report"].jobs] == ["done"]
    said = [r.message for r in caplog.records if "A backend was passed in as the mode" in r.message]
    assert len(said) == (mode != "session")


def test_a_fake_backend_joins_the_session_on_it(shell: InteractiveShell) -> None:
    body = (
        "from qiskit_ibm_runtime.fake_provider import FakeManilaV2\nfrom qiskit import transpile\n"
        f"mine = FakeManilaV2()\n{IBM}isa = transpile(bell, mine)\njob = SamplerV2(mode=mine).run([isa])"
    )
    ran(shell, CELL.replace("aer_simulator", "fake_manila") + body)
    assert [job.id for job in shell.user_ns["report"].jobs] == [shell.user_ns["job"].job_id()]


def test_a_backend_of_the_persons_own_is_served_as_it_is(shell: InteractiveShell) -> None:
    run(
        shell,
        "from qiskit_aer.noise import NoiseModel, ReadoutError\nfrom qiskit_aer import AerSimulator\n"
        "noise = NoiseModel()\nnoise.add_all_qubit_readout_error(ReadoutError([[0, 1], [1, 0]]))\n"
        "flipping = AerSimulator(noise_model=noise)\nfrom qiskit import QuantumCircuit\n"
        "idle = QuantumCircuit(1)\nidle.measure_all()\n",
    )
    body = IBM + "counts = SamplerV2().run([idle], shots=50).result()[0].data.meas.get_counts()"
    ran(shell, CELL.replace("aer_simulator", "flipping") + body)
    assert shell.user_ns["counts"] == {"1": 50}
    out, error = run(shell, CELL + IBM + "SamplerV2(mode=flipping)")  # the same name, other noise
    assert "different from the session backend" in str(error)
    assert "the line of the magic" in out.stdout + out.stderr


def test_another_backend_is_refused_as_a_real_one_is(shell: InteractiveShell) -> None:
    body = "from qiskit_ibm_runtime.fake_provider import FakeManilaV2\n" + IBM
    out, error = run(shell, CELL + body + "SamplerV2(mode=FakeManilaV2())")
    assert "The backend passed in to the primitive is different from the session backend." in str(error)
    assert "The cell's is aer_simulator, the primitive's fake_manila: -b VARIABLE" in out.stdout + out.stderr
    assert shell.user_ns["session"].status() == "Closed"


def test_a_session_of_the_clients_on_a_simulator_is_the_cells(shell: InteractiveShell) -> None:
    body = (
        IBM + "from qiskit_ibm_runtime import Session\nwith Session(backend=backend) as inner:\n"
        f"    _ = SamplerV2(){COUNTS}    _ = SamplerV2(mode=inner){COUNTS}_ = SamplerV2(){COUNTS}"
    )
    assert "saw no job" not in ran(shell, CELL + body)
    assert len(shell.user_ns["report"].jobs) == 3


def test_a_client_of_the_same_service_names_the_cells_backend(shell: InteractiveShell) -> None:
    body = (
        IBM + "from qmode_jupyter import ibm\ntheirs = ibm.service().backend('generic_19q')\n"
        "from qiskit import transpile\nisa = transpile(bell, theirs)\njob = SamplerV2(mode=theirs).run([isa])"
    )
    ran(shell, "%%qsession -q -o report\n" + body)
    assert [job.id for job in shell.user_ns["report"].jobs] == [shell.user_ns["job"].job_id()]


def test_a_job_cell_takes_them_in_job_mode(shell: InteractiveShell) -> None:
    body = IBM + "job = SamplerV2(mode=backend).run([bell])\n"
    assert ran(shell, "%%qjob -b aer_simulator -q -o report\n" + body) == ""
    assert [job.id for job in shell.user_ns["report"].jobs] == [shell.user_ns["job"].job_id()]
    assert shell.user_ns["job"].session_id is None
    _, error = run(shell, "%%qjob -b aer_simulator -q\n" + IBM + "SamplerV2()")
    assert "A backend or session must be specified" in str(error)  # as on hardware


def test_threads_of_the_cell_join_it_and_the_cell_waits_for_their_jobs(shell: InteractiveShell) -> None:
    body = (
        IBM + "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as pool:\n"
        "    jobs = list(pool.map(lambda _: SamplerV2(mode=None).run([bell]), range(4)))"
    )
    assert ran(shell, CELL + body) == ""
    assert {job.state.value for job in shell.user_ns["report"].jobs} == {"done"}
    assert len(shell.user_ns["report"].jobs) == 4


@pytest.mark.parametrize("ends", ["raise KeyboardInterrupt", "1 / 0"])
def test_however_the_cell_ends_the_session_is_closed_and_nothing_of_the_clients_is_changed(
    shell: InteractiveShell, ends: str
) -> None:
    import qiskit_ibm_runtime.executor_sampler.sampler as client_side
    from qiskit_ibm_runtime import base_primitive
    from qiskit_ibm_runtime.utils.default_session import get_cm_session

    find = base_primitive.get_mode_service_backend
    _, error = run(shell, CELL + IBM + f"jobs = [SamplerV2().run([bell]) for _ in range(8)]\n{ends}")
    assert isinstance(error, (KeyboardInterrupt, ZeroDivisionError))
    assert shell.user_ns["session"].status() == "Closed"
    over = {"cancelled", "done"} if "Keyboard" in ends else {"done"}
    assert {job.state.value for job in shell.user_ns["report"].jobs} <= over
    assert base_primitive.get_mode_service_backend is client_side.get_mode_service_backend is find
    assert get_cm_session() is None


def test_a_primitive_made_before_the_cell_stays_what_it_was(shell: InteractiveShell) -> None:
    run(shell, IBM + "from qiskit_aer import AerSimulator\nbefore = SamplerV2(mode=AerSimulator())")
    said = ran(shell, CELL + f"_ = before{COUNTS}")
    assert said.startswith("This session saw no job: SamplerV2 came from qiskit_ibm_runtime")


def test_a_cell_without_them_makes_no_server(shell: InteractiveShell) -> None:
    from qmode_jupyter.ibm import connect

    body = "theirs = sys.modules['qmode_jupyter.ibm.connect']._servers.get(service)"
    shell.user_ns["sys"] = sys
    assert ran(shell, CELL.replace("-q", "-q --seed 77") + body) == ""
    assert shell.user_ns["theirs"] is None
    assert connect is not None
