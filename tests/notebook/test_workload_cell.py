"""A cell in a session, a batch or job mode: opened, run, ended, on the real runtime and Aer."""

from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell

from tests.notebook.cells import run


def test_a_session_cell_runs_ordinary_code(shell: InteractiveShell) -> None:
    shown, error = run(
        shell,
        "%%qsession -b aer_simulator --name first --out report\n"
        "sampler = Sampler()\n"
        "counts = sampler.run([bell], shots=100).result()[0].data.meas.get_counts()\n"
        "x = 40\n"
        "x + 2",
    )
    assert error is None
    assert "42" in shown.stdout  # the last expression shows
    assert shell.user_ns["x"] == 40
    assert set(shell.user_ns["counts"]) <= {"00", "11"}
    assert sum(shell.user_ns["counts"].values()) == 100
    assert shell.user_ns["session"].status() == "Closed"
    report = shell.user_ns["report"]
    assert [j.state.value for j in report.jobs] == ["done"]
    assert report.usage_s >= report.jobs[0].charged_s == 2  # SEMANTICS U8
    assert "session first on aer_simulator" in shown.stdout


def test_a_batch_cell_and_a_job_cell(shell: InteractiveShell) -> None:
    _, error = run(
        shell, "%%qbatch -b aer_simulator -q -o report\njobs = [Sampler().run([bell]) for _ in range(3)]"
    )
    assert error is None
    report = shell.user_ns["report"]
    assert report.usage_s == sum(j.charged_s for j in report.jobs)
    assert {j.state.value for j in report.jobs} == {"done"}  # the end of the cell waits for them
    _, error = run(shell, "%%qjob -b aer_simulator -q -o report\njob = Sampler(mode=backend).run([bell])")
    assert error is None
    assert shell.user_ns["job"].status() == "DONE"
    assert shell.user_ns["job"].session_id is None
    assert len(shell.user_ns["report"].jobs) == 1


def test_an_interrupt_cancels_what_runs_and_what_waits(shell: InteractiveShell) -> None:
    _shown, error = run(
        shell,
        "%%qsession -b aer_simulator -o report\n"
        "jobs = [Sampler().run([bell]) for _ in range(8)]\n"
        "raise KeyboardInterrupt",
    )
    assert isinstance(error, KeyboardInterrupt)
    assert {j.state.value for j in shell.user_ns["report"].jobs} <= {"cancelled", "done"}
    assert shell.user_ns["session"].status() == "Closed"
    _, error = run(shell, "%%qsession -b aer_simulator -q\nSampler().run([bell]).result()")
    assert error is None


def test_a_cell_run_twice_opens_two_sessions(shell: InteractiveShell) -> None:
    cell = "%%qsession -b aer_simulator -q\nSampler().run([bell]).result()\nids.append(session.session_id)"
    shell.user_ns["ids"] = []
    assert run(shell, cell)[1] is None
    assert run(shell, cell)[1] is None
    assert len(set(shell.user_ns["ids"])) == 2


def test_a_session_left_open_goes_on_in_the_next_cell(shell: InteractiveShell) -> None:
    cell = "%%qsession -b aer_simulator -q --keep-open\nSampler().run([bell]).result()"
    assert run(shell, cell)[1] is None
    first = shell.user_ns["session"]
    assert first.status() == "In progress, accepting new jobs"
    assert run(shell, cell)[1] is None
    assert shell.user_ns["session"].session_id == first.session_id
    assert run(shell, "%%qsession -b aer_simulator -q\nSampler().run([bell]).result()")[1] is None
    assert shell.user_ns["session"].session_id == first.session_id
    assert first.status() == "Closed"


def test_another_workload_closes_the_one_left_open(shell: InteractiveShell) -> None:
    assert run(shell, "%%qsession -b aer_simulator -q --keep-open\nSampler().run([bell]).result()")[1] is None
    left = shell.user_ns["session"]
    shown, error = run(shell, "%%qbatch -b aer_simulator -q\nSampler().run([bell]).result()")
    assert error is None
    assert "session that was left open on aer_simulator is closed" in shown.stdout
    assert left.status() == "Closed"


def test_a_budget_stops_the_loop_and_keeps_what_was_done(shell: InteractiveShell) -> None:
    cell = (
        "%%qbatch -b aer_simulator -q --budget 7s -o report\n"
        "results = []\n"
        "while True:\n"
        "    results.append(Sampler().run([bell], shots=1000).result())"
    )
    shown, error = run(shell, cell)
    assert type(error).__name__ == "BudgetExceededError"
    assert len(shell.user_ns["results"]) == 2
    assert shell.user_ns["report"].usage_s == 6
    assert "past the budget of 7s" in shown.stdout + shown.stderr


def test_in_a_terminal_what_goes_wrong_before_the_first_job_leaves_the_error_alone(
    shell: InteractiveShell,
) -> None:
    for magic in ("qsession", "qbatch", "qjob"):
        shown, error = run(shell, f"%%{magic} -b aer_simulator -o report\n1 / 0")
        assert isinstance(error, ZeroDivisionError)
        assert shell.user_ns["report"].jobs == ()
        text = shown.stdout + shown.stderr
        assert "on aer_simulator" not in text
        assert "usage" not in text
