"""A cell on a backend of IBM's client; a service of ours stands in the place of IBM's cloud."""

from __future__ import annotations

import builtins
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell

from qmode_jupyter.client import kept_receipts
from tests.notebook.cells import run, said

pytest.importorskip("qiskit_ibm_runtime")
pytest.importorskip("uvicorn")

#: IBM's client says so of its primitives at the top, since 0.50.
pytestmark = pytest.mark.filterwarnings("ignore:The (Sampler|Estimator)V2 class is deprecated")

CELL = (
    "sampler = Sampler()\n"
    "jobs = [sampler.run([isa], shots=100) for _ in range(3)]\n"
    "counts = [job.result()[0].data.meas.get_counts() for job in jobs]\n"
)


@pytest.fixture(scope="module")
def cloud(loaded: InteractiveShell) -> Iterator[InteractiveShell]:
    """A shell with a backend of IBM's client in `real`, and a circuit for it in `isa`."""
    setup = (
        "from qmode_jupyter import RuntimeService, ibm\nfrom qiskit import transpile\n"
        "cloud = RuntimeService(plan='premium', seed=5)\ntheirs = ibm.service(cloud)\n"
        "real = theirs.backend('ibm_torino')\nisa = transpile(bell, real)\n"
    )
    assert run(loaded, setup)[1] is None
    yield loaded
    loaded.user_ns["cloud"].close()


def states(shell: InteractiveShell, report: str) -> tuple[list[str], list[str]]:
    """The states of the session or batch in a report, and those in which its jobs ended."""
    trace = shell.user_ns[report].trace
    return [str(state) for state, _ in trace.workloads[0].history], [str(job.state) for job in trace.jobs]


@pytest.mark.parametrize("mode", ["session", "batch"])
def test_the_cell_that_was_rehearsed_runs_on_hardware(cloud: InteractiveShell, mode: str) -> None:
    rehearsed, error = run(cloud, f"%%q{mode} -b fake_torino --name vqe -o rehearsal\n{CELL}")
    assert error is None, rehearsed.stdout
    shown, error = run(cloud, f"%%q{mode} -b real --yes --name vqe -o report\n{CELL}")
    assert error is None, shown.stdout + shown.stderr
    names = cloud.user_ns
    assert type(names["jobs"][0]).__module__ == "qiskit_ibm_runtime.runtime_job_v2"
    assert all(sum(counts.values()) == 100 for counts in names["counts"])
    assert names[mode].details()["state"] == "closed"
    assert states(cloud, "report") == states(cloud, "rehearsal")
    assert repr(names["report"].timeline()) == repr(names["rehearsal"].timeline()).replace("fake", "ibm")
    assert [j.id for j in names["report"].jobs] == [job.job_id() for job in names["jobs"]]
    (there,) = names["cloud"].trace(names["report"].id).workloads
    assert names["report"].usage_s == pytest.approx(there.usage_s, abs=0.01)
    first, second, third, *rest = shown.stdout.strip().splitlines()
    assert first.startswith("ibm_torino is the service at http://127.0.0.1:")
    assert first.endswith("in the place of IBM's cloud: Heron r1, instance emulated-premium, Premium plan.")
    assert second.startswith("By the rehearsal of this cell: usage ")
    assert "$" in second
    assert third == "run(..., dry_run=True) checks and times a job there without the QPU."
    assert rest[0].startswith(f"{mode} vqe on ibm_torino · Closed · ")
    assert rest[0].endswith(" · 3 done")
    assert rest[-1] == "%qmode receipt lays 3 receipts beside the model."
    assert "saw no job" not in shown.stdout
    assert "Not every job" not in shown.stdout


def test_its_times_are_those_that_the_service_gives(cloud: InteractiveShell) -> None:
    assert run(cloud, "%%qbatch -b real -y -q -o report\n" + CELL)[1] is None
    names = cloud.user_ns
    there = names["cloud"].trace(names["report"].id)
    shift = there.origin_s - names["report"].trace.origin_s
    for known, job in zip(names["report"].jobs, there.jobs, strict=True):
        assert known.submitted_at == pytest.approx(job.submitted_at + shift, abs=0.01)
        assert known.preparing_at == pytest.approx(job.preparing_at + shift, abs=0.01)
        assert known.on_qpu_at == pytest.approx(job.on_qpu_at + shift, abs=0.01)
        assert known.ended_at == pytest.approx(job.ended_at + shift, abs=0.01)
        assert known.charged_s == job.charged_s


def test_the_clients_own_primitives_without_a_mode_join_it_and_others_are_named(
    cloud: InteractiveShell,
) -> None:
    body = (
        "from qiskit_ibm_runtime.executor_sampler import Sampler as Theirs\n"
        "from qiskit_ibm_runtime import SamplerV2\nfrom qiskit_aer import AerSimulator\n"
        "_ = Theirs().run([isa], shots=10).result()\n"
        "_ = SamplerV2(mode=AerSimulator()).run([bell]).result()\n"
    )
    shown, error = run(cloud, "%%qbatch -b real -y -o report\n" + body)
    assert error is None, shown.stdout
    assert [job.program for job in cloud.user_ns["report"].jobs] == ["executor"]
    assert (
        "Not every job ran in this batch: SamplerV2 came from qiskit_ibm_runtime, whose jobs ran at once"
        in (shown.stdout)
    )
    assert "No receipt can be made" in shown.stdout


def test_a_primitive_of_ours_is_named_as_one_that_cannot_see_it(cloud: InteractiveShell) -> None:
    shown, error = run(cloud, "%%qbatch -b real -y -q\nfrom qmode_jupyter import SamplerV2 as Ours\nOurs()")
    assert "A backend or session must be specified" in str(error)
    assert (
        "This batch saw no job: SamplerV2 came from qmode_jupyter, which can't see it. The cell's own "
        "Sampler and Estimator, and those of qiskit_ibm_runtime without a mode, join it." in shown.stdout
    )


@pytest.mark.parametrize("backend", ["real", "fake_torino"])
def test_a_dry_run_is_no_part_of_the_session(cloud: InteractiveShell, backend: str) -> None:
    body = (
        "from qiskit_ibm_runtime import SamplerV2\n"
        "dry = SamplerV2().run([isa], shots=100, dry_run=True)\n"
        "shots = dry.result()[0].data.meas.num_shots\n"
        "_ = SamplerV2().run([isa], shots=100).result()\n"
    )
    shown, error = run(cloud, f"%%qbatch -b {backend} --yes -q -o report\n{body}")
    assert error is None, shown.stdout + shown.stderr
    assert cloud.user_ns["shots"] == 100
    assert cloud.user_ns["dry"].backend().name == "mock_torino"
    assert len(cloud.user_ns["report"].jobs) == 1
    assert cloud.user_ns["report"].usage_s == cloud.user_ns["report"].jobs[0].charged_s
    assert "Not every job" not in shown.stdout


def test_the_clock_of_a_stand_in_here_is_ahead_while_the_cell_waits(cloud: InteractiveShell) -> None:
    emulated, began = cloud.user_ns["cloud"].now(), time.monotonic()
    body = "jobs = [Sampler(options={'default_shots': 100000}).run([isa]) for _ in range(6)]"
    assert run(cloud, "%%qbatch -b real -y -q -o report\n" + body)[1] is None
    assert cloud.user_ns["report"].usage_s > 100
    wall_s = time.monotonic() - began
    assert cloud.user_ns["cloud"].now() - emulated > wall_s + 10


def test_an_error_in_the_cell_closes_it_and_its_jobs_run_on(cloud: InteractiveShell) -> None:
    shown, error = run(cloud, "%%qsession -b real -y -o report\njob = Sampler().run([isa])\n1 / 0")
    assert isinstance(error, ZeroDivisionError)
    session, jobs = states(cloud, "report")
    assert (session[-1], jobs) == ("closed", ["done"])
    (there,) = cloud.user_ns["cloud"].trace(cloud.user_ns["report"].id).workloads
    assert there.state == "closed"
    assert (shown.stdout + shown.stderr).count("ZeroDivisionError") <= 2


def test_a_job_that_fails_is_shown_with_the_services_reason(cloud: InteractiveShell) -> None:
    body = "given = {'max_execution_time': 1, 'default_shots': 100000}\n_ = Sampler(options=given).run([isa])"
    _, error = run(cloud, "%%qbatch -b real -y -q -o report\n" + body)
    assert error is None
    (job,) = cloud.user_ns["report"].jobs
    assert (str(job.state), job.reason_code) == ("failed", 1305)
    assert job.reason == "Job ran longer than its maximum execution time"


def interrupt_while_waiting(shell: InteractiveShell) -> None:
    """Interrupt the main thread when the cell waits for the result of its first job."""

    def when_it_waits() -> None:
        shell.user_ns["waits"].wait(60)
        signal.raise_signal(signal.SIGINT)

    shell.user_ns["waits"] = threading.Event()
    threading.Thread(target=when_it_waits, daemon=True).start()


def test_an_interrupt_cancels_its_jobs_and_closes_it(cloud: InteractiveShell) -> None:
    run(
        cloud,
        "held = RuntimeService(plan='premium', speed=1, seed=9)\nslow = ibm.service(held).backend('ibm_fez')",
    )
    try:
        run(cloud, "isa_there = transpile(bell, slow)")
        interrupt_while_waiting(cloud)
        body = "jobs = [Sampler().run([isa_there]) for _ in range(4)]\nwaits.set()\njobs[-1].result()"
        _, error = run(cloud, "%%qsession -b slow -y -o report\n" + body)
        assert isinstance(error, KeyboardInterrupt)
        session, jobs = states(cloud, "report")
        assert session[-1] == "closed"
        assert len(jobs) == 4
        assert set(jobs) <= {"cancelled", "done", "failed"}
        assert jobs[-1] != "done"
        trace = cloud.user_ns["held"].trace(cloud.user_ns["report"].id)
        assert trace.workloads[0].state == "closed"
        assert all(job.settled for job in trace.jobs)
        assert not cloud.user_ns["report"].trace.workloads[0].accepting_jobs
    finally:
        cloud.user_ns["held"].close()


def test_where_nobody_can_be_asked_nothing_is_run(
    cloud: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(cloud.user_ns["cloud"].workloads())
    _, error = run(cloud, "%%qsession -b real\n" + CELL)
    assert str(error) == (
        "%%qsession: nobody is there to ask whether this run on ibm_torino may cost money: --yes says that "
        "it may. Nothing was run."
    )

    def no_input(prompt: str) -> str:
        raise StdinNotImplementedError("no input here")

    monkeypatch.setattr(builtins, "input", no_input)
    monkeypatch.setattr(cloud, "kernel", object(), raising=False)
    _, error = run(cloud, "%%qsession -b real\n" + CELL)
    assert "nobody is there to ask" in str(error)
    assert len(cloud.user_ns["cloud"].workloads()) == before


@pytest.mark.parametrize(("answer", "runs"), [("y", True), ("YES ", True), ("", False), ("n", False)])
def test_it_is_asked_before_a_run_that_costs(
    cloud: InteractiveShell, monkeypatch: pytest.MonkeyPatch, answer: str, runs: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(builtins, "input", lambda prompt: asked.append(prompt) or answer)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    before = len(cloud.user_ns["cloud"].workloads())
    _, error = run(cloud, "%%qbatch -b real -q\nran = 'yes'")
    assert asked == ["Run it on ibm_torino? [y/N] "]
    assert len(cloud.user_ns["cloud"].workloads()) == before + runs
    assert (error is None) is runs
    assert runs or str(error) == "%%qbatch: not wanted. Nothing was run."


def test_where_usage_is_free_nothing_is_asked_and_a_refusal_is_the_services(
    cloud: InteractiveShell,
) -> None:
    run(cloud, "free = RuntimeService(plan='open')\nfree_real = ibm.service(free).backend('ibm_torino')")
    try:
        shown, error = run(cloud, "%%qbatch -b free_real -o report\n" + CELL)
        assert error is None, shown.stdout
        assert "free of charge" in shown.stdout
        _, error = run(cloud, "%%qsession -b free_real -q\n" + CELL)
        assert str(error) == (
            "%%qsession: You are not authorized to run a session when using the open plan (1352). Create an "
            "instance of a different plan type or use a different execution mode. Nothing was run."
        )
    finally:
        cloud.user_ns["free"].close()


def test_what_hardware_has_not_is_refused(cloud: InteractiveShell) -> None:
    flags = "--load 0.5 --speed 60 --budget 10s --keep-open"
    assert said(cloud, f"%%qsession -b real {flags}\n{CELL}") == (
        "%%qsession: ibm_torino is no emulated backend, and --speed, --load, --budget, --keep-open can't "
        "hold there. Nothing was run."
    )
    assert "run it without one. Nothing was run." in said(cloud, f"%%qjob -b real\n{CELL}")


def test_a_cell_that_was_not_rehearsed_says_what_it_may_use_at_most(cloud: InteractiveShell) -> None:
    shown, error = run(cloud, "%%qsession -b real -y --max-time 10m\nneither = 'rehearsed'")
    assert error is None, shown.stdout
    assert (
        "This cell has not been rehearsed here, so what it uses can't be known: at most 10 min, $480. "
        "Without -b it is rehearsed, and --max-time bounds it." in shown.stdout
    )
    assert "This session" not in shown.stdout


def test_a_device_by_its_name_is_that_of_the_account_in_the_environment(
    cloud: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qmode_jupyter import ibm

    for name, value in ibm.env(cloud.user_ns["cloud"]).items():
        monkeypatch.setenv(name, value)
    shown, error = run(cloud, "%%qbatch -b ibm_torino -y -q -o report\n" + CELL)
    assert error is None, shown.stdout + shown.stderr
    assert "ibm_torino is the service at http://127.0.0.1:" in shown.stdout
    assert cloud.user_ns["report"].id in [one.id for one in cloud.user_ns["cloud"].workloads()]
    line = said(cloud, f"%%qbatch -b ibm_nowhere -y\n{CELL}")
    assert line == (
        "%%qbatch -b ibm_nowhere: The account that is saved here has no backend ibm_nowhere. The device's "
        "snapshot, which costs nothing, is called fake_nowhere. Nothing was run."
    )
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "wrong")
    line = said(cloud, f"%%qbatch -b ibm_torino -y\n{CELL}")
    assert "the account that is saved here, which can't be used: " in line


def test_without_an_account_the_name_is_that_of_the_snapshot(
    cloud: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QISKIT_IBM_TOKEN", raising=False)
    monkeypatch.setattr("qmode_jupyter.ibm.hardware.account._SAVED", SimpleNamespace(expanduser=_Nothing))
    with pytest.warns(UserWarning, match="ibm_torino is fake_torino, IBM's snapshot of that device"):
        _, error = run(cloud, "%%qbatch -b ibm_torino --seed 4 -q -o report\njob = Sampler().run([isa])")
    assert error is None
    assert type(cloud.user_ns["job"]).__module__.startswith("qmode_jupyter")


class _Nothing:
    def is_file(self) -> bool:
        return False


def test_the_receipts_of_its_jobs_are_shown_and_those_of_real_ones_kept(
    cloud: InteractiveShell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QMODE_HOME", str(tmp_path))
    assert run(cloud, "%%qbatch -b real -y -q\n" + CELL)[1] is None
    jobs = [job.job_id() for job in cloud.user_ns["jobs"]]
    assert kept_receipts.kept() == []
    shown, error = run(cloud, "%qmode receipt")
    assert error is None
    assert all(f"Job {job} on ibm_torino: charged" in shown.stdout for job in jobs)
    shown, error = run(cloud, f"%qmode receipt {jobs[0]}")
    assert error is None
    assert shown.stdout.count("Job ") == 1
    assert "more than the most" not in shown.stdout
    monkeypatch.setattr("qmode_jupyter.ibm.hardware.account._LOCAL", re.compile("nowhere"))
    shown, error = run(cloud, "%%qbatch -b real -y -q\n_ = Sampler().run([isa], shots=100)")
    assert error is None
    assert shown.stdout.startswith("ibm_torino is real hardware: Heron r1, ")
    (file,) = kept_receipts.kept()
    assert cloud.user_ns["batch"].details()["state"] == "closed"
    shown, error = run(cloud, f"%qmode receipt {file.stem}")
    assert f"Job {file.stem} on ibm_torino: charged" in shown.stdout
