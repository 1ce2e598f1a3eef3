"""Real processes: they work, stop, die and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import psutil
import pytest

from qmode_jupyter.runtime.workers import WorkerDied, Workers


def double(number: int) -> int:
    return 2 * number


def fail() -> None:
    raise ValueError("no such thing")


def write_pid_and_hang(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    threading.Event().wait(60)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = Workers(2)
    yield workers
    workers.close()


def wait_for(condition, seconds: float = 10.0) -> bool:
    pause = threading.Event()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        pause.wait(0.01)
    return False


def test_tasks_run_elsewhere_and_errors_come_back(workers: Workers) -> None:
    assert [workers.submit(double, n).result(30) for n in range(5)] == [0, 2, 4, 6, 8]
    assert workers.submit(os.getpid).result(30) != os.getpid()
    with pytest.raises(ValueError, match="no such thing"):
        workers.submit(fail).result(30)


def test_cancelling_stops_a_running_task_and_the_next_one_runs(workers: Workers, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    hanging = workers.submit(write_pid_and_hang, str(pid))
    assert wait_for(lambda: pid.exists() and pid.read_text())
    process = psutil.Process(int(pid.read_text()))
    assert hanging.cancel()
    assert wait_for(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    with pytest.raises(CancelledError):
        hanging.result(0)
    assert workers.submit(double, 21).result(30) == 42


def test_a_task_that_waits_can_be_dropped(workers: Workers, tmp_path: Path) -> None:
    busy = [workers.submit(write_pid_and_hang, str(tmp_path / str(n))) for n in range(2)]
    waiting = workers.submit(double, 1)
    assert wait_for(lambda: workers.idle == 0)
    assert waiting.cancel()
    for future in busy:
        future.cancel()
    assert wait_for(lambda: workers.idle == 2)


def test_a_process_that_dies_fails_its_own_task_only(workers: Workers) -> None:
    dead = workers.submit(die)
    alive = workers.submit(double, 4)
    with pytest.raises(WorkerDied, match="killed or ran out of memory"):
        dead.result(30)
    assert alive.result(30) == 8
    assert workers.submit(double, 5).result(30) == 10


def test_closing_leaves_no_process_and_drops_what_waits(tmp_path: Path) -> None:
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    workers = Workers(2)
    futures = [workers.submit(write_pid_and_hang, str(tmp_path / str(n))) for n in range(4)]
    assert wait_for(lambda: (tmp_path / "0").exists() and (tmp_path / "1").exists())
    workers.close()
    assert all(f.cancelled() or f.done() for f in futures[2:])
    assert wait_for(lambda: not ours(before))


def ours(before: set[int]) -> list[psutil.Process]:
    # loky's resource tracker stays with the process: it watches for leaked semaphores
    return [
        p
        for p in psutil.Process().children(recursive=True)
        if p.pid not in before and "resource_tracker" not in " ".join(p.cmdline())
    ]


SCRIPT = """
import os, threading
from qmode_jupyter.runtime.workers import Workers
workers = Workers(2)
print(*(workers.submit(os.getpid).result(60) for _ in range(6)), flush=True)
threading.Event().wait(60)
"""


def test_workers_end_when_their_parent_is_killed() -> None:
    script = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)], stdout=subprocess.PIPE, text=True
    )
    assert script.stdout is not None
    pids = {int(word) for word in script.stdout.readline().split()}
    assert pids
    processes = [psutil.Process(pid) for pid in pids]
    script.kill()
    script.wait(10)
    script.stdout.close()
    assert wait_for(lambda: not any(p.is_running() and p.status() != "zombie" for p in processes))
