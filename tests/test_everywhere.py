"""The same examples do the same in a script, from standard input, in IPython, pytest and a notebook."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parent / "examples"
NAMES = ["cobyla_session", "split_batch"]
TIMEOUT_S = 120


def source(name: str) -> str:
    return (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")


def output_of(*command: str, stdin: str | None = None) -> str:
    run = subprocess.run(
        [sys.executable, *command],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.fixture(scope="module")
def expected() -> dict[str, str]:
    shown = {name: output_of(str(EXAMPLES / f"{name}.py")) for name in NAMES}
    assert shown["cobyla_session"].startswith("session Closed 20 jobs, energy")
    assert shown["split_batch"].startswith("batch Closed 5 jobs")
    return shown


@pytest.mark.parametrize("name", NAMES)
def test_from_standard_input(expected: dict[str, str], name: str) -> None:
    assert output_of("-", stdin=source(name)) == expected[name]


@pytest.mark.parametrize("name", NAMES)
def test_in_plain_ipython(expected: dict[str, str], name: str) -> None:
    shown = output_of("-m", "IPython", "--no-banner", "--colors=nocolor", str(EXAMPLES / f"{name}.py"))
    assert shown.splitlines()[-1] == expected[name]


@pytest.mark.parametrize("name", NAMES)
def test_under_pytest(expected: dict[str, str], name: str, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {"__name__": "example"}
    exec(compile(source(name), name, "exec"), names)
    assert capsys.readouterr().out.strip() == expected[name]
    names["service"].close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_in_a_notebook(expected: dict[str, str], name: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source(name))])
    NotebookClient(notebook, timeout=TIMEOUT_S, extra_arguments=["--log-level=ERROR"]).execute()
    outputs = notebook.cells[0].outputs
    shown, said = (
        "".join(o.text for o in outputs if o.output_type == "stream" and o.name == stream)
        for stream in ("stdout", "stderr")
    )
    assert shown.strip() == expected[name]
    # What an Estimator's default level costs is said once, however many jobs there are.
    assert said.count("resilience_level=1") == said.count("\n") == (name == "cobyla_session")
