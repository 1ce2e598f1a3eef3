"""A runtime runs as long as its process has it, and no longer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from qmode_jupyter.runtime.store.liveness import RunningLock, runs

CHILD = """
import sys
from pathlib import Path
from qmode_jupyter.runtime.store.liveness import RunningLock
lock = RunningLock(Path(sys.argv[1]), "theirs")
print("locked", flush=True)
sys.stdin.read()
"""


def test_it_runs_until_it_is_released(tmp_path: Path) -> None:
    lock = RunningLock(tmp_path, "mine")
    assert runs(tmp_path, "mine")
    lock.release()
    assert not runs(tmp_path, "mine")
    assert not runs(tmp_path, "never was")


def test_it_does_not_outlive_a_process_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "locked\n"
        assert runs(tmp_path, "theirs")
        child.kill()
        child.wait(15)
    assert not runs(tmp_path, "theirs")
    assert not list((tmp_path / "running").iterdir())  # nothing is left of it


def test_a_fork_does_not_hold_it(tmp_path: Path) -> None:
    lock = RunningLock(tmp_path, "mine")
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    lock.release()
    assert not runs(tmp_path, "mine")
    os.close(writing)
    os.waitpid(child, 0)
