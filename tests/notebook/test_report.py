"""What `-o` stores of a run."""

from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell

from tests.notebook.cells import run


def test_names_with_control_characters_are_shown_as_escapes(shell: InteractiveShell) -> None:
    odd, seen = "a\x1b[2J\x07\u202eb", r"a\x1b[2J\x07\u202eb"
    shown, error = run(
        shell,
        f"%%qsession -b aer_simulator --name '{odd}' -o report\njob = Sampler().run([bell])\njob.result()",
    )
    assert error is None
    report = shell.user_ns["report"]
    texts = {
        "cell": shown.stdout,
        "report": str(report),
        "page": "".join(report._repr_mimebundle_().values()),
        "trace": repr(report.trace),
        **{c: repr(shell.run_line_magic("qmode", c)) for c in ("jobs", "usage", "status")},
        **{c: str(shell.run_line_magic("qmode", f"{c} '{odd}'")) for c in ("show", "compare", "advise")},
    }
    for where, text in texts.items():
        assert not set(odd) & set(text) - set("a[2Jb"), where
    assert all(seen in texts[where] for where in ("cell", "report", "show", "compare", "advise"))
    labels = [
        text.get_text() for text in report.timeline().findobj(lambda artist: hasattr(artist, "get_text"))
    ]
    assert any(seen in label for label in labels)


def test_a_report_is_how_things_stood_and_stays_so(shell: InteractiveShell) -> None:
    _, error = run(
        shell, "%%qbatch -b aer_simulator -q --keep-open -o report\nSampler().run([bell]).result()"
    )
    assert error is None
    report = shell.user_ns["report"]
    before = str(report)
    _, error = run(shell, "%%qbatch -b aer_simulator -q\nSampler().run([bell]).result()")
    assert error is None
    assert str(report) == before
    assert len(report.jobs) == 1
    assert repr(report) == f"<Report: 1 job, usage {report.usage_s:.0f} s>"
    assert report._repr_mimebundle_()["text/plain"] == before
    assert report.timeline(theme="dark").get_facecolor() != report.timeline().get_facecolor()
