"""A runtime runs as long as its process has it, and no longer."""

from __future__ import annotations

import fcntl
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


def test_a_lock_knows_when_its_file_is_not_where_others_look(tmp_path: Path) -> None:
    lock = RunningLock(tmp_path, "mine")
    assert lock.stands
    (tmp_path / "running" / "mine").unlink()
    assert not lock.stands
    (tmp_path / "running" / "mine").touch()
    assert not lock.stands
    lock.release()


def test_one_whose_file_can_not_be_opened_is_not_taken_for_dead(tmp_path: Path) -> None:
    (tmp_path / "running").mkdir()
    (tmp_path / "running" / "loop").symlink_to("loop")
    assert runs(tmp_path, "loop")


def test_two_that_look_at_one_moment_are_not_in_each_other_s_way(tmp_path: Path) -> None:
    (tmp_path / "running").mkdir()
    (tmp_path / "running" / "dead").touch()
    with (tmp_path / "running" / "dead").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)  # as one that is looking
        assert not runs(tmp_path, "dead")
