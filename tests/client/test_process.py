"""What there is one of in a process, and how a test begins anew."""

from __future__ import annotations

import subprocess
import sys

from qmode_jupyter import Session, default_service
from qmode_jupyter.client import process
from tests.emulated import service


def test_after_a_reset_nothing_is_open_and_no_with_is_in_force() -> None:
    """The default service of the other tests goes with it: they get another."""
    one, default = service(), default_service()
    session = Session("aer_simulator", service=one)
    session.__enter__()
    assert process.with_blocks.current() is session
    process.reset()
    assert process.with_blocks.current() is None
    assert process.with_blocks.why_none() == ""
    assert (one.closed, default.closed) == (True, True)
    assert default_service() is not default
    process.reset()
    process.reset()


def test_the_default_service_is_closed_when_the_process_ends() -> None:
    script = (
        "import atexit\n"
        "atexit.register(lambda: print(service.closed))\n"  # the first that is registered is called last
        "from qmode_jupyter import default_service\n"
        "service = default_service()\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    assert (run.stdout, run.stderr) == ("True\n", "")
