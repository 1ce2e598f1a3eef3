"""Real processes: they work, stop, die and leave nothing behind."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import psutil
import pytest

from qmode_jupyter.errors import RuntimeClosedError
from qmode_jupyter.simulation.process import WorkerProcess
from qmode_jupyter.simulation.worker_main import CallFailed, CallTraceback
from qmode_jupyter.simulation.workers import CallTimedOut, WorkerDied, Workers
from tests.simulation.chores import (
    KINDS,
    RESULTS,
    Reads,
    carry_out,
    die_once,
    double,
    exploding,
    fail,
    hold_pythons_lock,
    pid_when_warm,
    refuse,
    write_pid_and_hang,
)

ROOT = Path(__file__).resolve().parents[2]


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


def test_closing_leaves_no_process_and_drops_what_waits(tmp_path: Path) -> None:
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    workers = Workers(2)
    futures = [workers.submit(write_pid_and_hang, str(tmp_path / str(n))) for n in range(4)]
    assert wait_for(lambda: (tmp_path / "0").exists() and (tmp_path / "1").exists())
    workers.close()
    assert all(f.cancelled() or f.done() for f in futures[2:])
    assert wait_for(lambda: not ours(before))


def ours(before: set[int]) -> list[psutil.Process]:
    return [p for p in psutil.Process().children(recursive=True) if p.pid not in before]


# ---- every way to fail


@pytest.mark.parametrize("kind", [*KINDS, *RESULTS])
def test_whatever_a_task_does_it_ends_with_the_reason_and_the_others_go_on(
    workers: Workers, kind: str
) -> None:
    _, said = (KINDS | RESULTS)[kind]
    bad = workers.submit(carry_out, kind)
    good = [workers.submit(double, n) for n in range(4)]
    error = bad.exception(30)
    assert isinstance(error, Exception)
    assert re.search(said, str(error)), error
    assert "\n" not in str(error)
    assert [f.result(30) for f in good] == [0, 2, 4, 6]
    assert workers.submit(double, 21).result(30) == 42


def test_an_exception_that_crosses_says_where_it_was_raised(workers: Workers) -> None:
    error = workers.submit(fail).exception(30)
    assert isinstance(error, ValueError)
    assert isinstance(error.__cause__, CallTraceback)
    assert "in fail" in str(error.__cause__)


def test_arguments_that_cannot_be_written_fail_their_task(workers: Workers) -> None:
    with pytest.raises(TypeError, match="cannot pickle"):
        workers.submit(double, threading.Lock()).result(30)
    assert isinstance(workers.submit(double, Reads(exploding, SystemExit(1))).exception(30), CallFailed)
    assert workers.submit(double, 3).result(30) == 6


def test_a_listener_that_raises_harms_nobody(workers: Workers) -> None:
    called = threading.Event()

    def listener(_: object) -> None:
        called.set()
        raise SystemExit(1)

    workers.submit(write_pid_and_hang, "/nowhere/at/all").add_done_callback(listener)
    assert called.wait(30)
    assert [workers.submit(double, n).result(30) for n in range(4)] == [0, 2, 4, 6]


# ---- killed from outside


def test_a_task_whose_process_is_killed_is_run_again(workers: Workers, tmp_path: Path) -> None:
    assert workers.submit(die_once, str(tmp_path / "died")).result(30) == "done"


def test_an_idle_process_that_is_killed_is_replaced_at_once(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    workers = Workers(1, pid_when_warm, (str(pids),))
    assert workers.submit(double, 1).result(30) == 2
    os.kill(int(pids.read_text()), signal.SIGKILL)
    assert wait_for(lambda: len(pids.read_text().split()) == 2), "nothing has taken its place"
    assert workers.submit(os.getpid).result(30) == int(pids.read_text().split()[1])
    workers.close()


def test_a_process_that_is_killed_before_it_has_done_anything_is_replaced_when_needed(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    workers = Workers(1, pid_when_warm, (str(pids),))
    workers.start()
    for deaths in range(1, 4):
        assert wait_for(lambda n=deaths: pids.exists() and len(pids.read_text().split()) >= n)
        process = psutil.Process(int(pids.read_text().split()[-1]))
        process.kill()
        assert wait_for(lambda p=process: not p.is_running())
        assert workers.submit(double, deaths).result(30) == 2 * deaths
    workers.close()


def kill_a_worker(dice: random.Random) -> None:
    children = psutil.Process().children()
    if children:
        with contextlib.suppress(psutil.NoSuchProcess):  # it was killed just before, and has gone
            dice.choice(children).kill()


def test_all_processes_killed_at_once_lose_no_task(workers: Workers) -> None:
    assert [workers.submit(double, n).result(30) for n in range(4)]
    for _ in range(5):
        for process in psutil.Process().children():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        assert [f.result(30) for f in [workers.submit(double, n) for n in range(6)]] == [0, 2, 4, 6, 8, 10]


def test_a_process_that_had_ended_before_it_was_asked_is_no_try(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert workers.submit(double, 1).result(30) == 2
    asked, dead = WorkerProcess.ask, []

    def ask_the_dead(process: WorkerProcess, request: bytes, within_s: float | None = None) -> bytes:
        if len(dead) < 2 and b"double" in request:  # what makes a process ready comes through
            dead.append(process)
            process._process.kill()
            process._process.wait()
        return asked(process, request, within_s)

    monkeypatch.setattr(WorkerProcess, "ask", ask_the_dead)
    assert workers.submit(double, 21).result(30) == 42
    assert len(dead) == 2


@pytest.mark.slow
def test_three_hundred_tasks_under_two_hundred_kills_all_end(workers: Workers) -> None:
    dice = random.Random(20)
    futures, settled = [], Counter()
    for number in range(300):
        future = workers.submit(double, number)
        future.add_done_callback(lambda f: settled.update([f]))
        futures.append(future)
        if dice.random() < 2 / 3:
            if dice.random() < 0.3:
                futures[-1].exception(30)  # then the next to be killed may be idle
            kill_a_worker(dice)
    ended = [future.exception(30) for future in futures]
    assert set(settled.values()) == {1}
    for number, error in enumerate(ended):
        if error is None:
            assert futures[number].result(0) == 2 * number
        else:
            assert re.search(r"SIGKILL", str(error)), error
    print(f"{sum(e is not None for e in ended)} of 300 were killed twice")
    assert workers.submit(double, 5).result(30) == 10


def test_cancelling_at_any_moment_stops_nothing_else(workers: Workers) -> None:
    dice = random.Random(3)
    cancelled, kept = [], []
    for number in range(150):
        future = workers.submit(double, number)
        if dice.random() < 0.4:
            for _ in range(dice.randrange(2000)):
                pass  # some microseconds later
            future.cancel()
            cancelled.append(future)
        else:
            kept.append((number, future))
    assert all(future.result(30) == 2 * number for number, future in kept)
    assert all(future.done() for future in cancelled)
    assert wait_for(lambda: workers.idle == 2)


# ---- what can't be started


def test_what_can_not_get_ready_fails_each_task_with_the_reason() -> None:
    workers = Workers(2, refuse)
    for _ in range(3):
        with pytest.raises(WorkerDied, match=r"no process could be started .*ImportError: no Aer here"):
            workers.submit(double, 1).result(30)
    workers.close()


NO_DESCRIPTORS = """
import os, resource, signal, threading
import psutil
from qmode_jupyter.simulation.workers import Workers
from tests.simulation.chores import double
workers = Workers(2)
assert [workers.submit(double, n).result(30) for n in range(4)] == [0, 2, 4, 6]
children = [child.pid for child in psutil.Process().children()]
before = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1, before[1]))
assert workers.submit(double, 1).result(30) == 2, "those that run need no more"
for pid in children:
    os.kill(pid, signal.SIGKILL)
def is_there(pid):
    try:
        os.kill(pid, 0)  # needs no descriptor
    except ProcessLookupError:
        return False
    return True
while any(map(is_there, children)):  # until their threads have noticed
    threading.Event().wait(0.01)
error = workers.submit(double, 1).exception(30)
assert "no process could be started" in str(error) and "Too many open files" in str(error), error
resource.setrlimit(resource.RLIMIT_NOFILE, before)
assert [workers.submit(double, n).result(30) for n in range(4)] == [0, 2, 4, 6]
workers.close()
print("well")
"""


def run_script(text: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(text), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT, **options
    )


def test_no_descriptor_for_a_moment_fails_the_task_at_hand_only() -> None:
    done = run_script(NO_DESCRIPTORS)
    assert done.stdout == "well\n", done.stderr


@pytest.mark.parametrize("count", [0, -1, 2.5, "2"])
def test_a_number_of_processes_that_can_not_be_is_refused(count: Any) -> None:
    with pytest.raises(ValueError, match="whole number from 1"):
        Workers(count)


# ---- the end


def test_closing_lets_everybody_go_and_takes_nothing_more(tmp_path: Path) -> None:
    workers = Workers(1)
    running = workers.submit(write_pid_and_hang, str(tmp_path / "pid"))
    waiting = workers.submit(double, 1)
    assert wait_for(lambda: (tmp_path / "pid").exists())
    workers.close()
    assert running.cancelled()
    assert waiting.cancelled()
    with pytest.raises(RuntimeClosedError, match="make a new RuntimeService"):
        workers.submit(double, 1)
    workers.close()  # once more is nothing


def test_closing_while_they_start_or_from_a_listener_ends() -> None:
    for _ in range(10):
        workers = Workers(2)
        workers.start()
        workers.close()
    workers = Workers(2)
    closed = threading.Event()
    workers.submit(double, 1).add_done_callback(lambda _: (workers.close(), closed.set()))
    assert closed.wait(30)


SCRIPT = """
import os, threading
from qmode_jupyter.simulation.workers import Workers
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


def test_a_call_that_never_returns_is_given_up_and_its_process_replaced(
    workers: Workers, tmp_path: Path
) -> None:
    other = workers.submit(write_pid_and_hang, str(tmp_path / "other"))
    hung = workers.submit(write_pid_and_hang, str(tmp_path / "hung"), within_s=2.0)
    waiting = workers.submit(double, 3)
    with pytest.raises(CallTimedOut, match=r"longer than 2 s of wall time .*prepare_timeout"):
        hung.result(60)
    assert waiting.result(60) == 6  # by the process that took its place
    assert not psutil.pid_exists(int((tmp_path / "hung").read_text()))
    assert not other.done()
    other.cancel()


def test_a_call_that_holds_pythons_lock_is_given_up_too(workers: Workers, tmp_path: Path) -> None:
    hung = workers.submit(hold_pythons_lock, str(tmp_path / "hung"), within_s=2.0)
    with pytest.raises(CallTimedOut):
        hung.result(60)
    assert workers.submit(double, 3).result(60) == 6
