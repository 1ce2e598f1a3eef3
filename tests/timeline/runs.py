"""Every kind of run that a timeline has to show."""

from __future__ import annotations

from collections.abc import Callable

from qmode_jupyter.scheduler.event_queue import Fault
from qmode_jupyter.scheduler.trace import Trace
from tests.traces import ISA_FAULT, Run, cobyla_session, large_batch, reactivated_session


def one_job() -> Trace:
    run = Run("open")
    return run.trace(60, run.job(2, 6.0, program="sampler"))


def failed_job() -> Trace:
    run = Run()
    return run.trace(60, run.job(2, ISA_FAULT))


def never_started() -> Trace:
    run = Run()
    return run.trace(4000, run.session())


def nothing() -> Trace:
    return Run().trace(0)


def running() -> Trace:
    run = Run()
    run.neighbours((0, 12), (1, 20))
    session = run.session(2)
    for i in range(12):
        run.job(3 + i, 5 + i, workload=session, preparation_s=1 + i % 3)
    return run.trace(62, session)


def waiting_for_the_next_job() -> Trace:
    run = Run()
    session = run.session(0, "ansatz", 90)
    for i in range(4):
        run.job(1 + i * 2, 9, workload=session)
    return run.trace(70, session)


def over_its_maximum() -> Trace:
    run = Run()
    session = run.session(0, "ansatz", 60)
    for i in range(12):
        run.job(1 + i * 2, 9 + i % 3, workload=session, preparation_s=2)
    return run.trace(300, session)


def interrupted() -> Trace:
    run = Run()
    session = run.session(0, "ansatz")
    jobs = [run.job(1 + i * 0.2, 9 + i % 3, workload=session, preparation_s=2) for i in range(16)]
    for job in jobs[:1:-1]:
        run.cancel_job(job, 30)
    run.close(session, 30)
    return run.trace(300, session)


def long_names() -> Trace:
    run = Run(qpu="a_backend_with_a_remarkably_long_name_of_156_qubits")
    session = run.session(
        0, "a variational eigensolver for lithium hydride $E_0$ 量子 \U0001f600\nand more after"
    )
    for i in range(5):
        run.job(1 + i * 4, 3, workload=session)
    run.job(26, Fault("Something went wrong in a way that takes long to tell " * 3, 9998), workload=session)
    run.close(session, 40)
    return run.trace(300, session)


def several() -> Trace:
    run = Run()
    run.neighbours((0, 10), (3, 20), (200, 20))
    session, batch = run.session(0, "vqe"), run.batch(5, "scan")
    for i in range(6):
        run.job(2 + i * 9, 4, workload=session)
    for i in range(8):
        run.job(6 + i, 4 + i % 2, workload=batch, preparation_s=1 + i % 4)
    run.close(session, 90)
    run.close(batch, 20)
    for i in range(3):
        run.job(40 + i * 30, 3)
    return run.trace(260)


def thirty_batches() -> Trace:
    run = Run()
    for k in range(30):
        batch = run.batch(k * 10, f"scan {k}")
        for i in range(4):
            run.job(k * 10 + i * 2, 2 + i % 3, workload=batch)
        run.close(batch, k * 10 + 9)
    return run.trace(900)


def forty_jobs() -> Trace:
    run = Run()
    batch = run.batch(0, "forty")
    for i in range(40):
        run.job(1 + i * 0.1, 2 + i % 4, workload=batch, preparation_s=1 + i % 3)
    run.close(batch, 6)
    return run.trace(900, batch)


RUNS: dict[str, Callable[[], Trace]] = {
    run.__name__: run
    for run in (
        one_job, failed_job, never_started, nothing, running, waiting_for_the_next_job, over_its_maximum,
        interrupted, long_names, several, thirty_batches, forty_jobs, reactivated_session, cobyla_session,
    )
} | {"large_batch": lambda: large_batch(100, failures=3, cancellations=2)}  # fmt: skip
