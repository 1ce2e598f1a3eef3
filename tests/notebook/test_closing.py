"""A service that is closed, or an extension that is taken out, inside the cell that uses it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import psutil
import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from qmode_jupyter import RuntimeService
from qmode_jupyter.errors import RuntimeClosedError
from qmode_jupyter.runtime.clock import ManualClock
from tests.notebook.cells import loaded_shell
from tests.waiting import outcome

SAID = "cell was closed before the cell was over"
RUN = "jobs = [Sampler().run([bell], shots=10) for _ in range(2)]\n"
JOB = "jobs = [Sampler(mode=backend).run([bell], shots=10)]\n"
ENDS = {
    "unload": "%unload_ext qmode_jupyter",
    "reload": "%reload_ext qmode_jupyter",
    "close": "service.close()",
}


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    with loaded_shell() as shell:
        yield shell
        shell.run_line_magic("reload_ext", "qmode_jupyter")


def run(shell: InteractiveShell, cell: str) -> tuple[str, BaseException | None]:
    """What a cell shows and raises; the test fails if it hangs."""
    with capture_output() as shown:
        result = outcome(lambda: shell.run_cell(cell))
    if isinstance(result, BaseException):
        raise result
    return shown.stdout + shown.stderr, result.error_in_exec or result.error_before_exec


def left() -> tuple[list[str], list[psutil.Process]]:
    """Our threads and processes, but for the trackers of shared memory."""
    for thread in threading.enumerate():
        if thread.name.startswith("qmode"):
            thread.join(10)
    children = [p for p in psutil.Process().children() if "resource_tracker" not in " ".join(p.cmdline())]
    return [t.name for t in threading.enumerate() if t.name.startswith("qmode")], psutil.wait_procs(
        children, 10
    )[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("head", "body", "end"),
    [
        ("%%qsession -b aer_simulator", RUN, "unload"),
        ("%%qsession -b aer_simulator", RUN, "reload"),
        ("%%qsession -b aer_simulator", RUN, "close"),
        ("%%qsession -b aer_simulator --keep-open", RUN, "unload"),
        ("%%qsession -b aer_simulator --keep-open", RUN, "close"),
        ("%%qbatch -b aer_simulator -o report", RUN, "close"),
        ("%%qjob -b aer_simulator", JOB, "unload"),
        ("%%qjob -b aer_simulator", JOB, "close"),
        ("%%qsession -b aer_simulator --speed 1000 --budget 60s", RUN, "close"),
    ],
)
def test_a_cell_whose_service_is_closed_inside_it_ends_and_says_so(
    shell: InteractiveShell, head: str, body: str, end: str
) -> None:
    shown, error = run(shell, f"{head}\n{body}{ENDS[end]}")
    assert error is None
    assert shown.count(SAID) == 1
    assert "Traceback" not in shown
    if end != "reload":
        shown, _ = run(shell, "jobs[0].result()")
        assert "RuntimeClosedError" in shown or "DONE" in run(shell, "print(jobs[0].status())")[0]
    shell.run_line_magic("reload_ext", "qmode_jupyter")
    shown, error = run(shell, "%%qsession -b aer_simulator\nSampler().run([bell], shots=10).result()")
    assert error is None, shown
    assert SAID not in shown


@pytest.mark.parametrize("keep", ["", " --keep-open"])
def test_an_extension_that_is_taken_out_inside_a_cell_leaves_nothing_running(
    shell: InteractiveShell, keep: str
) -> None:
    run(shell, f"%%qsession -b aer_simulator{keep}\n{RUN}%unload_ext qmode_jupyter")
    assert left() == ([], [])


def test_closing_inside_a_with_inside_a_cell_ends_both(shell: InteractiveShell) -> None:
    body = (
        "from qmode_jupyter import Session\n"
        "with Session(backend) as inner:\n"
        "    job = Sampler().run([bell], shots=10)\n"
        "    service.close()\n"
    )
    shown, error = run(shell, f"%%qsession -b aer_simulator\n{body}")
    assert error is None
    assert SAID in shown


def test_an_error_of_the_cell_is_shown_besides(shell: InteractiveShell) -> None:
    shown, error = run(shell, f"%%qsession -b aer_simulator\n{RUN}service.close()\n1 / 0")
    assert isinstance(error, ZeroDivisionError)
    assert SAID in shown
    assert shown.count("Traceback") == 1
    _, error = run(shell, f"%%qsession -b aer_simulator\n{RUN}service.close()\njobs[0].result()")
    assert error is None or isinstance(error, RuntimeClosedError)


def test_a_session_that_was_left_open_on_a_closed_service_is_not_gone_on_with(
    shell: InteractiveShell,
) -> None:
    run(shell, f"%%qsession -b aer_simulator --keep-open\n{RUN}jobs[0].result()")
    run(shell, "service.close()")
    for head in ("%%qsession -b aer_simulator --keep-open", "%%qbatch -b aer_simulator"):
        shown, error = run(shell, f"{head}\n{RUN}jobs[0].result()")
        assert error is None, shown


def test_the_commands_work_when_a_service_in_use_was_closed(shell: InteractiveShell) -> None:
    run(shell, f"%%qsession -b aer_simulator --seed 3 --name gone\n{RUN}service.close()")
    run(shell, f"%%qbatch -b aer_simulator --name here\n{RUN}")
    for command in (
        "status",
        "jobs",
        "usage",
        "timeline",
        "show here",
        "usage here",
        "advise here",
        "close --all",
    ):
        shown, error = run(shell, f"%qmode {command}")
        assert error is None, (command, shown)
    shown, error = run(shell, "%qmode show gone")
    assert error is None, "what was kept of it can be read"
    assert "gone" in shown
    run(shell, "service.close()")  # the one that was used last, too
    for command in ("status", "jobs", "usage", "timeline", "close --all"):
        shown, error = run(shell, f"%qmode {command}")
        assert error is None, (command, shown)
    shown, error = run(shell, "%qmode show nobody")
    assert isinstance(error, UsageError)
    assert "Traceback" not in shown


def test_the_end_of_a_service_ends_the_displays_that_show_it() -> None:
    """A card that was left live must not keep its thread when there is nothing to show any more."""
    from qmode_jupyter.notebook.display.displays import HtmlDisplay, TextDisplay, WidgetDisplay
    from qmode_jupyter.notebook.display.throttle import RateLimit
    from qmode_jupyter.notebook.view_model import snapshot

    for make in (
        lambda owner, view: HtmlDisplay(owner, view, 0.0),
        lambda owner, view: TextDisplay(owner, view, 0.0),
        lambda owner, view: WidgetDisplay(owner, view, lambda request: None, RateLimit(), 60.0),
    ):
        service = RuntimeService(clock=ManualClock())
        owner = service.runtime.groups.open("g", service.backend("aer_simulator"))
        with capture_output():
            shown = make(owner, lambda ids, s=service, o=owner: snapshot(s.runtime, ids, only=o))
            service.runtime.subscribe(shown.changed, shown.freeze)
            shown.changed()
            outcome(service.close)
        assert not [t for t in threading.enumerate() if t.name == "qmode-throttle" and t.is_alive()]
    assert "qmode_jupyter" in sys.modules
