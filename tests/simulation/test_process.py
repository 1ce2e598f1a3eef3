"""Processes end with the one that started them, whatever way it ends, and with nobody else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from qmode_jupyter.simulation import process as process_module
from qmode_jupyter.simulation import worker_main
from qmode_jupyter.simulation.process import WorkerProcess

ROOT = Path(__file__).resolve().parents[2]
#: Seconds after which nothing may be left of a process that was killed.
SOON_S = 5.0


class Script:
    """A Python program on its own, that says when it has come so far."""

    def __init__(self, text: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(text), *arguments],
            stdout=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def family(self) -> list[psutil.Process]:
        """Return what it has started, and what that has."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def close(self) -> None:
        if self.process.poll() is None:
            for one in [*self.family(), self.process]:
                one.kill()
        self.process.communicate(timeout=10)


@pytest.fixture
def scripts() -> Iterator[list[Script]]:
    """Those that a test starts, to be ended."""
    started: list[Script] = []
    yield started
    for script in started:
        script.close()


def left_of(script: Script, family: list[psutil.Process]) -> list[psutil.Process]:
    """Those that are still there when they should be gone."""
    script.process.wait(SOON_S)
    _, alive = psutil.wait_procs(family, timeout=SOON_S)
    return alive


# ---- the parent is killed

HOLDING = """
import sys
from qmode_jupyter.simulation.workers import Workers
from tests.simulation.chores import double, hold_pythons_lock
workers = Workers(2)
workers.submit(hold_pythons_lock, sys.argv[1])
assert workers.submit(double, 2).result(60) == 4
while True:
    try:
        print(open(sys.argv[1]).read() or 1 / 0, flush=True)
        break
    except (OSError, ZeroDivisionError):
        pass
sys.stdin.read()
"""


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_processes_that_hold_pythons_lock_end_with_a_killed_parent(
    scripts: list[Script], tmp_path: Path, by: signal.Signals
) -> None:
    script = Script(HOLDING, str(tmp_path / "pid"))
    scripts.append(script)
    busy = int(script.line())
    family = script.family()
    assert busy in {one.pid for one in family}
    assert len(family) == 2, "no more than the two processes"
    script.process.send_signal(by)
    assert left_of(script, family) == []


SIMULATING = """
import sys, threading
from pathlib import Path
import psutil
from qiskit import QuantumCircuit
from qmode_jupyter import RuntimeService, SamplerV2
service = RuntimeService(workers=2)
circuit = QuantumCircuit(24)
for layer in range(400):
    for qubit in range(24):
        circuit.ry(0.1 + layer, qubit)
    for qubit in range(23):
        circuit.cx(qubit, qubit + 1)
circuit.measure_all()
job = SamplerV2(service.backend("aer_simulator")).run([circuit], shots=100)
most = lambda: max((sum(p.cpu_times()[:2]) for p in psutil.Process().children()), default=0)
while most() < 3.0:  # longer than getting ready takes: it simulates
    threading.Event().wait(0.05)
print(service.runtime._executor._store.directory, flush=True)
threading.Event().wait(600)
"""


@pytest.mark.slow
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_of_a_long_simulation_when_the_kernel_is_killed(
    scripts: list[Script], by: signal.Signals
) -> None:
    script = Script(SIMULATING)
    scripts.append(script)
    assert script.line()
    family = script.family()
    assert len(family) == 2
    script.process.send_signal(by)
    assert left_of(script, family) == []


def test_a_process_whose_parent_has_gone_before_it_looked_ends() -> None:
    ours, theirs = process_module.Pipe()
    command = [sys.executable, "-c", worker_main.BOOT, str(theirs.fileno()), "1", *sys.path]
    done = subprocess.run(command, pass_fds=[theirs.fileno()], timeout=30, check=False)
    assert done.returncode == 0
    ours.close()
    theirs.close()


WATCHED = """
import subprocess, sys
from qmode_jupyter.simulation.process import watch
holds = "import ctypes, sys; print('holds', flush=True); ctypes.PyDLL(None).sleep(600)"
child = subprocess.Popen([sys.executable, "-c", holds], stdout=subprocess.PIPE, text=True)
child.stdout.readline()
watch(child.pid)
print("watched", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_a_watcher_ends_a_process_where_the_system_does_not(
    scripts: list[Script], by: signal.Signals
) -> None:
    script = Script(WATCHED)
    scripts.append(script)
    assert script.line() == "watched"
    family = script.family()
    assert len(family) == 2
    script.process.send_signal(by)
    assert left_of(script, family) == []


def test_a_watcher_goes_with_the_process_that_it_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_main, "ENDED_BY_SYSTEM", False)
    before = set(psutil.Process().children())
    process = WorkerProcess()
    assert len(set(psutil.Process().children()) - before) == 2
    assert worker_main.result_of(process.ask(worker_main.request(len, ("four",)))) == 4
    assert process.end() == -signal.SIGKILL
    assert set(psutil.Process().children()) == before


# ---- a fork of the parent

FORKED = """
import os, sys
from pathlib import Path
from qmode_jupyter import RuntimeService, SamplerV2
from qmode_jupyter.client.service import default_service
from tests.emulated import bell

sampler = SamplerV2(default_service().backend("aer_simulator"))
sampler.run([bell()]).result()
folder = Path(default_service().runtime._executor._store.directory)

def child():
    try:
        sampler.run([bell()])
    except Exception as error:
        print(type(error).__name__, error, flush=True)
    if sys.argv[1] == "own":
        with RuntimeService(workers=1) as own:
            job = SamplerV2(own.backend("aer_simulator")).run([bell()], shots=10)
            print(job.result()[0].data.meas.num_shots, flush=True)

if sys.argv[2] == "fork":
    pid = os.fork()
    if pid == 0:
        child()
        sys.exit(7)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
else:
    import multiprocessing
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    code = process.exitcode
print("ended", code, folder.is_dir(), flush=True)
print(sampler.run([bell()], shots=20).result()[0].data.meas.num_shots)
"""


@pytest.mark.parametrize("way", ["fork", "multiprocessing"])
@pytest.mark.parametrize("service", ["none", "own"])
def test_a_fork_can_not_submit_and_harms_nothing(scripts: list[Script], service: str, way: str) -> None:
    script = Script(FORKED, service, way)
    scripts.append(script)
    out, _ = script.process.communicate(timeout=60)
    said = out.splitlines()
    assert said[0].startswith(
        f"RuntimeClosedError This service belongs to process {script.process.pid}, of which"
    )
    assert said[1:] == [
        *(["10"] if service == "own" else []),
        f"ended {7 if way == 'fork' else 0} True",
        "20",
    ]


KEEPS = """
import os, signal, sys
from qmode_jupyter.simulation.workers import Workers
from tests.simulation.chores import double
workers = Workers(1)
pid = workers.submit(os.getpid).result(60)
fork = os.fork()
if fork == 0:
    sys.stdin.read()
    os._exit(0)
os.kill(pid, signal.SIGKILL)
assert workers.submit(double, 1).result(60) == 2, "its death is seen though a fork has its socket"
workers.close()
print("well", flush=True)
os.kill(fork, signal.SIGKILL)
os.waitpid(fork, 0)
"""


def test_a_fork_that_lives_on_hides_no_death(scripts: list[Script]) -> None:
    script = Script(KEEPS)
    scripts.append(script)
    assert script.line() == "well"
    assert script.process.wait(30) == 0


STORM = """
import os
from qmode_jupyter.simulation.workers import Workers
from tests.simulation.chores import double
for _ in range(5):
    workers = Workers(2)
    workers.start()
    children = []
    for _ in range(20):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        children.append(pid)
    assert [f.result(60) for f in [workers.submit(double, n) for n in range(4)]] == [0, 2, 4, 6]
    for pid in children:
        os.waitpid(pid, 0)
    workers.close()
print("well", flush=True)
"""


def test_forks_while_processes_start_harm_nothing(scripts: list[Script]) -> None:
    script = Script(STORM)
    scripts.append(script)
    assert script.line() == "well"
    assert script.process.wait(30) == 0


def test_an_interrupt_at_the_terminal_is_not_for_the_processes(scripts: list[Script], tmp_path: Path) -> None:
    script = Script(HOLDING, str(tmp_path / "pid"))
    scripts.append(script)
    busy = psutil.Process(int(script.line()))
    os.killpg(script.process.pid, signal.SIGINT)
    assert script.process.wait(30) == -signal.SIGINT  # the script's own end
    assert left_of(script, [busy]) == []
