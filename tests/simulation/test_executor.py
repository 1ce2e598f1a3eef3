"""Jobs whose simulation meets with misfortune: each ends with the right reason, and the next one runs."""

from __future__ import annotations

import contextlib
import functools
import itertools
import random
import re
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import psutil
import pytest
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from qmode_jupyter import RuntimeJob, RuntimeService, SamplerV2
from qmode_jupyter.errors import IBMRuntimeError
from qmode_jupyter.simulation import (
    executor,
    fingerprints,
    object_store,
    pack,
    private_folder,
    results,
    tasks,
    worker,
)
from tests.emulated import bell, isa, service
from tests.simulation.bombs import mined
from tests.simulation.chores import KINDS
from tests.simulation.test_workers import kill_a_worker, run_script

T = TypeVar("T")

#: Seconds after which something is taken to hang, on a backend that is busy with much else.
PATIENCE_S = 200.0


@pytest.fixture
def own() -> Iterator[RuntimeService]:
    """A service with two processes of its own."""
    with service(workers=2) as one:
        yield one


@pytest.fixture
def sampler(own: RuntimeService) -> SamplerV2:
    return SamplerV2(own.backend("aer_simulator"))


def within(seconds: float, function: Callable[[], T]) -> T:
    """What `function` returns; an error if that takes too long, for it may hang.

    What it does is all done in a thread of its own: time runs ahead when all who submit wait.
    """
    came: Future[T] = Future()

    def run() -> None:
        try:
            came.set_result(function())
        except BaseException as error:  # noqa: BLE001 - for the one who waits
            came.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return came.result(seconds)


def runs(sampler: SamplerV2) -> bool:
    """Whether a job gives its result."""
    return sampler.run([bell()], shots=30).result()[0].data.meas.num_shots == 30


def end_of(job: RuntimeJob) -> tuple[str, str]:
    job.wait_for_final_state()
    return job.status(), job.error_message() or ""


def kill_all_workers() -> None:
    children = psutil.Process().children()
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.wait(30)


@pytest.mark.slow
def test_jobs_that_do_every_bad_thing_in_their_worker_fail_and_others_do_not(sampler: SamplerV2) -> None:
    within(PATIENCE_S, lambda: do_every_bad_thing(sampler))


def do_every_bad_thing(sampler: SamplerV2) -> None:
    kinds = [*KINDS, *KINDS][:40]
    random.Random(5).shuffle(kinds)
    jobs = []
    for kind in kinds:
        jobs += [(kind, sampler.run([mined(kind)], shots=10)), (None, sampler.run([bell()], shots=10))]
    ends = [(kind, *end_of(job)) for kind, job in jobs]
    for kind, status, said in ends:
        if kind is None:
            assert (status, said) == ("DONE", "")
        else:
            assert status == "ERROR"
            assert re.search(KINDS[kind][1], said), (kind, said)
    assert runs(sampler)


@pytest.mark.slow
def test_jobs_under_random_kills_all_end_once(sampler: SamplerV2) -> None:
    print(within(PATIENCE_S, lambda: under_kills(sampler, jobs=300, kills=200, seed=11)))


def under_kills(sampler: SamplerV2, *, jobs: int, kills: int, seed: int) -> Counter[str]:
    """Run jobs while workers are killed, busy and idle; return how they ended."""
    dice = random.Random(seed)
    at = Counter(dice.choices(range(jobs), k=kills))
    started = []
    for number in range(jobs):
        started.append(sampler.run([bell()], shots=30))
        if dice.random() < 0.3:
            started[-1].wait_for_final_state()  # then those that are killed may be idle
        for _ in range(at[number]):
            kill_a_worker(dice)
    ends = [end_of(job) for job in started]
    for status, said in ends:
        if status != "DONE":
            assert status == "ERROR"
            assert re.search(r"SIGKILL\)(, and so was the one before| while it was getting ready)", said), (
                said
            )
    assert runs(sampler)
    return Counter(status for status, _ in ends)


def test_a_job_whose_workers_are_all_ended_fails_and_says_so(own: RuntimeService, sampler: SamplerV2) -> None:
    job = sampler.run([mined("waits")], shots=10)
    own.runtime._executor._workers.close()
    status, said = end_of(job)
    assert status == "ERROR"
    assert "The processes that simulate were ended before the job was done" in said


# ---- what goes to the workers


def test_a_folder_that_somebody_clears_is_made_anew(own: RuntimeService, sampler: SamplerV2) -> None:
    assert runs(sampler)
    first = own.runtime._executor._store.directory
    shutil.rmtree(first)
    assert runs(sampler)
    assert own.runtime._executor._store.directory != first


def test_files_that_somebody_deletes_are_written_again(own: RuntimeService) -> None:
    circuit = bell()
    sampler = SamplerV2(own.backend("aer_simulator"))
    directory = Path(own.runtime._executor._store.directory)
    for _ in range(3):
        assert sampler.run([circuit], shots=30).result()[0].data.meas.num_shots == 30
        for path in directory.glob("circuit-*"):
            path.unlink()
        kill_all_workers()  # those that have read it keep it


def test_what_a_worker_does_not_find_fails_its_job_and_the_next_one_runs(own: RuntimeService) -> None:
    model = NoiseModel.from_backend(own.backend("generic_19q"))
    sampler = SamplerV2(own.backend("generic_19q"), {"simulator": {"noise_model": model}})
    circuit = own_isa(own)
    assert sampler.run([circuit], shots=30).result()[0].data.meas.num_shots == 30
    for path in Path(own.runtime._executor._store.directory).glob("noise-*-*"):
        path.unlink()
    kill_all_workers()
    status, said = end_of(sampler.run([circuit], shots=30))
    assert status == "ERROR"
    assert re.search(r"not there any more: noise-.* Somebody has cleared .*: run it again", said)
    assert sampler.run([circuit], shots=30).result()[0].data.meas.num_shots == 30


def own_isa(own: RuntimeService) -> Any:
    return isa(bell(), own.backend("generic_19q"))


FULL = """
import resource
from qmode_jupyter import RuntimeService, SamplerV2
from qmode_jupyter.errors import IBMRuntimeError
from tests.emulated import bell
with RuntimeService(workers=1) as service:
    sampler = SamplerV2(service.backend("aer_simulator"))
    assert sampler.run([bell()], shots=20).result()[0].data.meas.num_shots == 20
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
    circuit = bell()
    circuit.x(0)
    try:
        sampler.run([circuit])
    except IBMRuntimeError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(service.jobs()) == 1
    assert sampler.run([circuit], shots=20).result()[0].data.meas.num_shots == 20
"""


def test_a_full_folder_refuses_the_job_at_hand_only() -> None:
    done = run_script(FULL)
    assert re.fullmatch(
        r"What the job needs could not be written to .* \(File too large\): nothing was submitted.\n",
        done.stdout,
    ), done


def test_a_service_that_can_have_no_folder_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setattr(private_folder, "_IN_MEMORY", tmp_path / "nowhere")
    monkeypatch.setattr("tempfile.tempdir", str(file))
    children, threads = set(psutil.Process().children()), set(threading.enumerate())
    with pytest.raises(IBMRuntimeError, match=r"No folder could be made .*: Not a directory\).*TMPDIR"):
        executor.Executor(None, print)
    assert set(psutil.Process().children()) == children
    assert set(threading.enumerate()) == threads


# ---- an interrupt in the middle


class Interrupt:
    """Raises KeyboardInterrupt at the so-manieth line of our packing."""

    files = frozenset(str(module.__file__) for module in (object_store, fingerprints, pack))

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, frame: FrameType, event: str, _: object) -> Any:
        # What is raised where an object is finalized reaches nobody.
        if frame.f_code.co_filename not in self.files or frame.f_code.co_name == "forget":
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self


@pytest.mark.parametrize("what", ["ideal", "noisy"])
def test_an_interrupt_at_any_line_of_packing_leaves_circuit_and_backend_usable(
    own: RuntimeService, what: str
) -> None:
    backend = (
        own.backend("aer_simulator")
        if what == "ideal"
        else AerSimulator.from_backend(own.backend("generic_19q"))
    )
    expected = None
    store = object_store.ObjectStore()
    for at in itertools.count(1, 1 if what == "ideal" else 7):
        circuit = bell() if what == "ideal" else own_isa(own)
        pub = SamplerPub.coerce(circuit, 20)
        options = tasks.SimulationOptions(seed_simulator=1)
        pack_it = functools.partial(pack.pack, "sampler", [pub], backend, options, store)
        interrupt = Interrupt(at)
        sys.settrace(interrupt)
        try:
            pack_it()
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        outcome = results.unpack([pub], worker.simulate(pack_it()))[0].data.meas.get_counts()
        expected = expected or outcome
        assert outcome == expected, f"after an interrupt at line {at}"
        if interrupt.left > 0:
            break
    assert at > 30, "it was packed at all"
    assert not store._pinned or len(store._pinned) <= 1
    store.close()
