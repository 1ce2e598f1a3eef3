"""`--drill` above a cell, its report below it, and `%qmode drill`."""

from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell

from qmode_jupyter.runtime.drills import DRILLS
from tests.notebook.cells import run, said


def test_the_report_stands_under_the_cell(shell: InteractiveShell) -> None:
    for _ in range(2):  # it strikes anew in each cell
        shown, error = run(
            shell,
            "%%qbatch -b aer_simulator --drill job-fails --no-timeline\n"
            "jobs = [Sampler().run([bell], shots=10) for _ in range(8)]\n"
            "for job in jobs: job.wait_for_final_state()",
        )
        assert error is None
        assert [job.status() for job in shell.user_ns["jobs"]] == ["DONE"] * 6 + ["ERROR", "DONE"]
        assert shown.stdout.count("Drill job-fails: job 7 fails with 1336.") == 1
        assert "Lost: 1 job without a result, 0 submissions refused." in shown.stdout
        assert DRILLS["job-fails"].saved_by in shown.stdout
    assert shell.user_ns["service"].drill_report().lost[0][0] == shell.user_ns["jobs"][6].job_id()


def test_an_error_of_the_drill_ends_the_cell_and_the_report_is_shown(shell: InteractiveShell) -> None:
    shown, error = run(
        shell,
        "%%qsession -b aer_simulator --drill max-time --no-timeline\n"
        "for _ in range(40): Sampler().run([bell], shots=10).result()",
    )
    assert type(error).__name__ == "IBMRuntimeError"
    assert "Drill max-time" in shown.stdout
    assert "What would have saved it" in shown.stdout


def test_a_killed_kernel_is_reported_under_the_cell(shell: InteractiveShell) -> None:
    shown, error = run(
        shell,
        "%%qsession -b aer_simulator --drill kernel-killed\n"
        "for _ in range(6): job = Sampler().run([bell], shots=10); job.result()",
    )
    assert type(error).__name__ == "RuntimeClosedError"
    assert "Drill kernel-killed" in shown.stdout
    shown, error = run(
        shell, "from qmode_jupyter import default_service\nx = default_service().job(job.job_id()).status()"
    )
    assert error is None
    assert shell.user_ns["x"] == "DONE"  # resumed from the store


def test_a_drill_that_the_cell_can_not_have_runs_nothing(shell: InteractiveShell) -> None:
    line = said(shell, "%%qjob --drill batch-expires\nran = True")
    assert line.startswith("--drill batch-expires can't happen in %%qjob: it is for %%qbatch.")
    assert "Did you mean 'max-time'" in said(shell, "%%qsession --drill max-tim\nran = True")
    assert "ran" not in shell.user_ns


def test_qmode_drill_lists_them_and_tells_one(shell: InteractiveShell) -> None:
    listed = repr(shell.run_line_magic("qmode", "drill"))
    assert all(name in listed and one.title in listed for name, one in DRILLS.items())
    told = repr(shell.run_line_magic("qmode", "drill too-long"))
    assert DRILLS["too-long"].happens in told
    assert DRILLS["too-long"].saved_by in told
    assert "No drill is called" in said(shell, "%qmode drill nothing")
