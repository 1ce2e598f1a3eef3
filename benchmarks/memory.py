"""What 10,000 small jobs leave in memory: in the notebook's process, and in those that simulate."""

from __future__ import annotations

import re
from pathlib import Path

import psutil

from benchmarks import workloads
from benchmarks.rows import Row, at_most
from qmode_jupyter import RuntimeService, SamplerV2, Session

FEW, MANY = 1_000, 10_000
LIMIT_MB = 50.0
_AT_ONCE = 50
_WARM_UP = 50


def rows() -> list[Row]:
    circuit = workloads.ghz(2)
    with RuntimeService() as service:
        backend = service.backend("aer_simulator")

        def run(number: int) -> None:
            # Many sessions: none may last longer than eight hours, emulated.
            for _ in range(number // _AT_ONCE):
                with Session(backend) as session:
                    sampler = SamplerV2(mode=session)
                    for job in [sampler.run([circuit], shots=100) for _ in range(_AT_ONCE)]:
                        job.result()

        run(_WARM_UP)
        main_0, _ = _peaks_mb()
        run(FEW - _WARM_UP)
        main_few, workers_few = _peaks_mb()
        run(MANY - FEW)
        main_many, workers_many = _peaks_mb()
    per_job_kb = (main_many - main_few) / (MANY - FEW) * 1e3
    return [
        at_most(
            f"peak memory of the notebook's process after {MANY:,} jobs over that after {FEW:,}",
            main_many - main_few,
            "MB",
            LIMIT_MB,
            f"{main_0:.0f} MB after the first {_WARM_UP}, {main_few:.0f} MB, {main_many:.0f} MB: "
            f"{per_job_kb:.1f} kB a job, with its record and its result, which stay until it is deleted",
            "every job's record and result stay in memory, for service.job(id)",
        ),
        at_most(
            f"peak memory of the processes that simulate after {MANY:,} jobs over that after {FEW:,}",
            workers_many - workers_few,
            "MB",
            LIMIT_MB,
            f"all together {workers_few:.0f} MB and {workers_many:.0f} MB",
        ),
    ]


def _peaks_mb() -> tuple[float, float]:
    """Return the peaks of resident memory so far: of this process, and of its children together."""
    me = psutil.Process()
    return _peak_mb(me.pid), sum(_peak_mb(child.pid) for child in me.children(recursive=True))


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"process {pid} has no peak of resident memory")
    return int(found[1]) / 1e3
