"""`%qmode` in a new kernel that has run nothing: what an earlier process kept answers every question."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from qmode_jupyter.scheduler.trace import Trace
from tests.notebook.cells import run, said

#: One process ends by itself, one is killed with a session open and jobs under way.
BEFORE = """
import os, signal, sys
from tests.notebook.cells import loaded_shell, run
cells = {
    "batch": "jobs = [Sampler().run([bell], shots=10) for _ in range(2)]\\n[job.result() for job in jobs]",
    "session --keep-open": "done = Sampler().run([bell], shots=10); done.result()\\n"
    "lost = [Sampler().run([bell], shots=10) for _ in '12']",
}
with loaded_shell() as shell:
    for mode, cell in cells.items():
        name = sys.argv[1] + "-" + mode.split()[0]
        line = f"%%q{mode} -b aer_simulator -q --no-timeline --name {name}"
        assert run(shell, f"{line}\\n{cell}")[1] is None
    print(shell.user_ns["done"].job_id(), shell.user_ns["lost"][-1].job_id(), flush=True)
    if sys.argv[1] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
"""
HOW = ("ended", "killed")


@pytest.fixture(scope="module")
def jobs(loaded: InteractiveShell) -> dict[str, list[str]]:
    """The id of a job that is done and of one that was under way, by how their process ended."""
    del loaded  # it looks at the same folder, from before there is anything in it
    found = {}
    for how in HOW:
        ran = subprocess.run([sys.executable, "-c", BEFORE, how], capture_output=True, text=True)
        found[how] = ran.stdout.split()[-2:]
        assert len(found[how]) == 2, ran.stderr
    return found


def shows(shell: InteractiveShell, line: str) -> str:
    shown, error = run(shell, f"%qmode {line}")
    assert error is None, line
    return shown.stdout.removeprefix("Out[0]: ").strip()


@pytest.mark.parametrize("how", HOW)
def test_every_command_answers_of_what_an_earlier_kernel_ran(
    shell: InteractiveShell, jobs: dict[str, list[str]], tmp_path: Path, how: str
) -> None:
    done, lost = jobs[how]
    session, batch = f"{how}-session", f"{how}-batch"
    listed = shows(shell, "jobs")
    assert done in listed
    assert lost in listed
    assert "2 done" in shows(shell, f"show {batch}")
    assert "Closed" in shows(shell, f"status {session}")
    assert done in shows(shell, f"jobs {session}")
    for name in (done, done[:12], lost, session, batch):
        assert shows(shell, f"show {name}")
        assert "usage" in shows(shell, f"usage {name}")
        assert "Timeline" in shows(shell, f"timeline {name}")
        assert shows(shell, f"why {name}").startswith("Why ")
    for command in ("compare", "advise"):
        assert batch in shows(shell, f"{command} {batch}")
    assert "while the job was" in shows(shell, f"show {lost}")
    file = tmp_path / "kept.json"
    assert "Saved as" in shows(shell, f"export {batch} {file}")
    assert Trace.load(file).jobs
    kept = json.loads(file.read_text(encoding="utf-8"))["jobs"]
    assert [sum(job["result"][0]["data"]["meas"]["counts"][0].values()) for job in kept] == [10, 10]


def test_what_would_change_what_is_over_is_refused_in_one_line(
    shell: InteractiveShell, jobs: dict[str, list[str]]
) -> None:
    assert "of a service that has ended" in said(shell, "%qmode close killed-session")
    assert "has ended before" in said(shell, f"%qmode cancel {jobs['killed'][0]}")


def test_usage_without_an_id_does_not_say_that_nothing_was_charged(
    shell: InteractiveShell, jobs: dict[str, list[str]]
) -> None:
    del jobs
    assert "in this kernel" in shows(shell, "usage")
    assert "%qmode usage ID" in shows(shell, "usage")


def test_the_newest_is_meant_without_an_id(shell: InteractiveShell, jobs: dict[str, list[str]]) -> None:
    del jobs
    assert "killed-session" in shows(shell, "timeline")
    assert "killed-session" in shows(shell, "why")
