"""What every test stands on: headless, apart from the user's own files, nothing left running."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import hypothesis
import matplotlib as mpl
import psutil
import pytest

if TYPE_CHECKING:
    from qiskit.providers import BackendV2
    from qiskit_aer import AerSimulator

    from qmode_jupyter import RuntimeService

# Set before anything reads them; kernels and scripts that tests start inherit them.
_HOME = Path(tempfile.mkdtemp(prefix="qmode-tests-"))
os.environ.update(
    {
        "IPYTHONDIR": str(_HOME / "ipython"),
        "JUPYTERLAB_SETTINGS_DIR": str(_HOME / "lab-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(_HOME / "lab-workspaces"),
        "JUPYTER_CONFIG_DIR": str(_HOME / "jupyter-config"),
        "JUPYTER_DATA_DIR": str(_HOME / "jupyter-data"),
        "JUPYTER_PLATFORM_DIRS": "1",  # its absence is a DeprecationWarning in jupyter_core
        "JUPYTER_RUNTIME_DIR": str(_HOME / "jupyter-runtime"),
        "MATPLOTLIBRC": str(_HOME / "matplotlibrc"),
        "QMODE_HOME": str(_HOME / "qmode"),
        "XDG_CONFIG_HOME": str(_HOME / "config"),
        "XDG_DATA_HOME": str(_HOME / "data"),
    }
)
(_HOME / "matplotlibrc").touch()
# Not by MPLBACKEND: a kernel under test would inherit it, and lose its inline backend.
mpl.use("Agg")

hypothesis.settings.register_profile("here", max_examples=50, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=30, deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

#: Seconds that a thread or process which is about to end gets for it.
_GRACE_S = 10.0
_PACKAGE = Path(__file__).resolve().parents[1] / "qmode_jupyter"


def pytest_unconfigure() -> None:
    """Remove the run's own folders."""
    shutil.rmtree(_HOME, ignore_errors=True)


def _runs_ours(frame: FrameType | None) -> bool:
    """Whether a thread is in our code."""
    place = f"{_PACKAGE}{os.sep}"
    while frame is not None:
        if place in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


def _threads_left(before: set[threading.Thread]) -> list[str]:
    frames = sys._current_frames()
    ours = [
        thread
        for thread in threading.enumerate()
        if thread not in before and thread.ident is not None and _runs_ours(frames.get(thread.ident))
    ]
    deadline = time.monotonic() + _GRACE_S
    for thread in ours:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [thread.name for thread in ours if thread.is_alive()]


def _processes_left(before: set[psutil.Process]) -> list[str]:
    new = [child for child in psutil.Process().children(recursive=True) if child not in before]
    _, alive = psutil.wait_procs(new, timeout=_GRACE_S)
    return [f"{process.pid}: {_command(process)}" for process in alive]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@pytest.fixture(scope="session", autouse=True)
def nothing_left_running() -> Iterator[None]:
    """Fail the run if a thread or a process of ours outlives it."""
    threads = set(threading.enumerate())
    processes = set(psutil.Process().children(recursive=True))
    yield
    process = sys.modules.get("qmode_jupyter.client.process")
    if process is not None:
        process.open_services.close_default()  # it lives until the interpreter exits, by design
    assert not _threads_left(threads)
    assert not _processes_left(processes)


@pytest.fixture(scope="module", autouse=True)
def own_history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep history apart for each test module: none finds the jobs, or the default service, of another."""
    from qmode_jupyter.client import process

    process.reset()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QMODE_HOME", str(tmp_path_factory.mktemp("history")))
        yield


@pytest.fixture(scope="module")
def emulated() -> Iterator[RuntimeService]:
    """A service on the manual clock, one for each test module."""
    from tests.emulated import service

    with service() as one:
        yield one


@pytest.fixture
def aer(emulated: RuntimeService) -> AerSimulator:
    """Its ideal simulator."""
    return emulated.backend("aer_simulator")


@pytest.fixture
def device(emulated: RuntimeService) -> BackendV2:
    """Its device with noise and durations."""
    return emulated.backend("generic_19q")
