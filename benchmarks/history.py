"""What keeping history costs: a small job with it and without it, and what a long history costs a reader.

Five qubits and 1,024 shots without noise, each job waited for, on a service that keeps its jobs in a file
and on one that keeps nothing, in turn. Then a store of 100,000 jobs beside one of ten.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import workloads
from benchmarks.job_overhead import quiet, sampling
from benchmarks.rows import Row, at_most, reported
from benchmarks.timing import listed, side_by_side
from qmode_jupyter import RuntimeService, SamplerV2, Session
from qmode_jupyter.runtime.store.database import Database

KEPT, NOT_KEPT = "kept", "not kept"
MANY, FEW = 100_000, 10

#: Jobs of a store that is to become a long one.
_SEED_JOBS = 10
_LOOK = """
import sys, time
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
begin = time.perf_counter()
shell.run_line_magic("load_ext", "qmode_jupyter")
loaded = time.perf_counter()
shown = repr(shell.run_line_magic("qmode", "jobs"))
print(loaded - begin, time.perf_counter() - loaded, len(shown.splitlines()))
shell.run_line_magic("unload_ext", "qmode_jupyter")
"""


def rows() -> list[Row]:
    quiet()
    with tempfile.TemporaryDirectory(prefix="qmode-bench-") as folder:
        return [*_writing(Path(folder)), *_reading(Path(folder))]


def _writing(folder: Path) -> list[Row]:
    circuit = workloads.measured(5)
    with (
        RuntimeService(store=folder / "written") as keeps,
        RuntimeService(store=None) as forgets,
        Session(keeps.backend("aer_simulator")) as kept,
        Session(forgets.backend("aer_simulator")) as not_kept,
    ):
        ways = {
            KEPT: sampling(SamplerV2(mode=kept), circuit),
            NOT_KEPT: sampling(SamplerV2(mode=not_kept), circuit),
        }
        medians = side_by_side(ways, rounds=60, block=20, warm_up=20)
    size = (folder / "written" / "history.db").stat().st_size
    return [
        at_most(
            "History: time of an ideal 5-qubit job with it over without it",
            medians[KEPT] / medians[NOT_KEPT],
            "×",
            1.05,
            listed(medians),
            "a result is on the disk before anybody gets it",
        ),
        reported(
            "History: bytes of such a job in the file", size / 1220, "B", "1,024 outcomes of 5 bits each"
        ),
    ]


def _reading(folder: Path) -> list[Row]:
    ways: dict[str, Callable[[], Any]] = {}
    looks: dict[str, list[tuple[float, float]]] = {}
    for name, jobs in (("few", FEW), ("many", MANY)):
        _make(folder / name, jobs)
        looks[name] = []
        ways[name] = lambda name=name: looks[name].append(_looked(folder / name))  # type: ignore[misc]
    side_by_side(ways, rounds=4, block=1)
    found = []
    for what, index in (("%load_ext", 0), ("%qmode jobs", 1)):
        few, many = (min(look[index] for look in looks[name]) for name in ("few", "many"))
        found.append(
            at_most(
                f"History: {what} in a new kernel with 100,000 jobs kept, over with ten",
                many / few,
                "×",
                1.2,
                listed({"ten": few, "100,000": many}),
            )
        )
    return found


def _make(folder: Path, jobs: int) -> None:
    """Keep some jobs that were run, and copies of them up to so many."""
    with RuntimeService(store=folder) as service, Session(service.backend("aer_simulator")) as session:
        sampler = SamplerV2(session)
        for _ in range(_SEED_JOBS):
            sampler.run([workloads.measured(5)], shots=workloads.SHOTS).result()
    db = sqlite3.connect(Database(folder).path)
    columns = [row[1] for row in db.execute("PRAGMA table_info(jobs)") if row[1] not in ("number", "id")]
    kept = ", ".join(columns)
    with db:
        db.execute(
            f"INSERT INTO jobs (id, {kept}) WITH RECURSIVE n(i) AS "
            f"(SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {jobs - _SEED_JOBS}) "
            f"SELECT printf('d%019d', i), {kept} FROM n, jobs WHERE jobs.number = 1 + i % {_SEED_JOBS}"
            if jobs > _SEED_JOBS
            else "SELECT 1"
        )
    db.close()


def _looked(folder: Path) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _LOOK],
        check=True,
        capture_output=True,
        text=True,
        env=_environment(folder),
    )
    loading, looking, lines = done.stdout.split()
    assert int(lines) > _SEED_JOBS, done.stdout
    return float(loading), float(looking)


def _environment(folder: Path) -> dict[str, str]:
    import os

    return os.environ | {"QMODE_HOME": str(folder)}
