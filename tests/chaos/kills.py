"""A kernel with fifty jobs is killed at any moment, again and again: nothing that had ended is lost.

``python -m tests.chaos.kills 100`` does it a hundred times; a seed may follow. Every kernel keeps its
history in the same folder, where those before it were killed, too. When it is dead, whatever it had said
to have ended must be there with the same result, whatever else it had submitted must read ERROR, and the
file must be sound.
"""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from qmode_jupyter import Batch, EstimatorV2, RuntimeJob, RuntimeService, SamplerV2, Session
from tests.emulated import ansatz, bell, hamiltonian
from tests.runtime.store.kept import rows

JOBS = 50
#: Jobs that are submitted before the first of them is waited for.
TOGETHER = 5
_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a killed kernel had said: the jobs submitted, and the digests of those that had ended."""

    submitted: list[str] = field(default_factory=list)
    ended: dict[str, str] = field(default_factory=dict)

    def hear(self, line: str) -> None:
        word, *rest = line.split()
        if word == "submitted":
            self.submitted.append(rest[0])
        elif len(rest) == 2 and len(rest[1]) == _DIGEST_LENGTH:
            self.ended[rest[0]] = rest[1]


# ---- in the kernel that is killed


def work(folder: Path, jobs: int) -> None:
    """Run jobs in a session, in a batch and by themselves, and say what becomes of each."""
    with RuntimeService(store=folder) as service:
        ideal = service.backend("aer_simulator")
        for number in range(0, jobs, TOGETHER):
            mode = (Session, Batch)[number // TOGETHER % 2](ideal, service=service)
            waiting = []
            for _ in range(TOGETHER):
                waiting.append(_submit(mode, len(waiting)))
                print("submitted", waiting[-1].job_id(), flush=True)
            for job in waiting:
                print("ended", job.job_id(), digest(job.result()), flush=True)
            mode.close()
        print("all", flush=True)
        sys.stdin.read()


def _submit(mode: Session, number: int) -> RuntimeJob:
    if number % 2:
        angles = [0.1 * number] * ansatz().num_parameters
        estimator = EstimatorV2(mode, options={"default_precision": 0.1, "resilience_level": 0})
        return estimator.run([(ansatz(), hamiltonian(), angles)])
    return SamplerV2(mode).run([bell()], shots=100)


def digest(result: Any) -> str:
    """Return what tells two results apart: data, metadata and the times of execution."""
    found = hashlib.blake2b(digest_size=_DIGEST_LENGTH // 2)
    for pub in result:
        for name, values in pub.data.items():
            array = np.ascontiguousarray(getattr(values, "array", values))
            found.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
        found.update(repr(pub.metadata).encode())
    spans = result.metadata.get("execution", {}).get("execution_spans", ())
    found.update(repr([(span.start, span.stop, span.data_slices) for span in spans]).encode())
    found.update(
        repr({name: value for name, value in result.metadata.items() if name != "execution"}).encode()
    )
    return found.hexdigest()


_DIGEST_LENGTH = 32

# ---- in the process that kills


@contextmanager
def kernel(folder: Path, jobs: int = JOBS) -> Iterator[subprocess.Popen[str]]:
    """A process that runs jobs and says what becomes of them; it is killed at the end, if it lives."""
    command = [sys.executable, "-c", _CHILD, str(folder), str(jobs)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            process.wait(_PATIENCE_S)


_CHILD = """
import sys
from pathlib import Path
from tests.chaos.kills import work
work(Path(sys.argv[1]), int(sys.argv[2]))
"""


def killed(folder: Path, lines: int, jobs: int = JOBS) -> Said:
    """Kill a kernel when it has said so many lines, and return all that it said."""
    said = Said()
    with kernel(folder, jobs) as process:
        assert process.stdout is not None
        for _ in range(lines):
            said.hear(process.stdout.readline())
        process.kill()
        for line in process.stdout:  # what it had said before it heard of its end
            if line.endswith("\n"):
                said.hear(line)
    return said


def check(folder: Path, said: Said) -> int:
    """Assert that nothing of what a dead kernel said is lost; return how many of its jobs read ERROR."""
    lost = 0
    with RuntimeService(store=folder) as service:
        for name in said.submitted:
            job = service.job(name)
            if name in said.ended:
                assert job.status() == "DONE", f"{name} had ended and reads {job.status()}"
                assert digest(job.result()) == said.ended[name], f"the result of {name} is another one"
            elif job.status() != "DONE":  # it may have ended, and not have been said to
                assert job.status() == "ERROR", f"{name} reads {job.status()}"
                assert "The kernel ended while the job was" in str(job.error_message()), job.error_message()
                lost += 1
        assert all(record.status == "Closed" for record in service.workloads())
        assert not service.jobs(limit=None, pending=True)
    assert rows(folder, "PRAGMA integrity_check") == [("ok",)]
    assert rows(folder, "PRAGMA foreign_key_check") == []
    assert not list(folder.glob("history-damaged-*"))
    return lost


def main(times: int, seed: int = 7) -> int:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="qmode-kills-") as name:
        for number in range(times):
            lines = chance.randrange(2 * JOBS)
            said = killed(Path(name), lines)
            lost = check(Path(name), said)
            print(
                f"{number + 1}: killed after {lines} lines: {len(said.submitted)} submitted, "
                f"{len(said.ended)} ended and the same, {lost} read ERROR",
                flush=True,
            )
    print(f"{times} kernels killed, nothing lost")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
