"""The service by itself: a process that prints where it is, for clients in others."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx
import pytest
from qiskit_ibm_runtime import RuntimeEncoder
from qiskit_ibm_runtime.fake_provider import FakeManilaV2

from qmode_jupyter.ibm.__main__ import main
from tests.ibm.circuits import bell

COMMAND = [sys.executable, "-W", "error", "-m", "qmode_jupyter.ibm", "--workers", "1"]


@contextmanager
def served(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client, dict[str, str]]]:
    """The process, somebody who may ask it, and what it printed; it ends when its input is closed."""
    with subprocess.Popen(
        [*COMMAND, "--until-eof", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            printed = json.loads(process.stdout.readline())
            headers = {"Authorization": f"apikey {printed['token']}", "Service-CRN": printed["crn"]}
            url = f"{printed['url']}/api/v1"
            with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
                yield process, client, printed
            process.stdin.close()
            assert process.wait(30) == 0, process.stderr.read() if process.stderr else ""
        finally:
            process.kill()


def ended(client: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    """The times of a job that was submitted and has ended, each question answered as soon as it has."""
    job = client.post("/jobs", content=json.dumps(body, cls=RuntimeEncoder)).json()["id"]
    for _ in range(60):
        if client.get(f"/jobs/{job}").json()["state"]["status"] == "Completed":
            break
    metrics: dict[str, Any] = client.get(f"/jobs/{job}/metrics").json()
    assert metrics["usage"]["status"] == "complete"
    return {word: datetime.fromisoformat(at) for word, at in metrics["timestamps"].items()}


def test_it_prints_one_line_and_has_the_history_and_the_backends_that_were_asked_for() -> None:
    arguments = (
        "--history",
        "3",
        "--backend",
        "test_eagle_x=fake_manila",
        "--token",
        "mine",
        "--speed",
        "max",
    )
    with served(*arguments) as (_, client, printed):
        assert set(printed) == {"url", "crn", "token"}
        assert printed["token"] == "mine"
        assert [d["name"] for d in client.get("/backends").json()["devices"]] == ["test_eagle_x"]
        jobs = client.get("/jobs?tags=history").json()
        assert jobs["count"] == 3
        assert {job["program"]["id"] for job in jobs["jobs"]} == {"sampler", "estimator"}
        assert {job["state"]["status"] for job in jobs["jobs"]} == {"Completed"}
        assert client.get("/instances/usage").json()["usage_consumed_seconds"] > 0


def test_a_queue_and_runs_last_as_long_as_was_asked_for() -> None:
    arguments = (
        "--queue-s",
        "0.4",
        "--min-run-s",
        "1.6",
        "--timing",
        "measured",
        "--backend",
        "q=fake_manila",
    )
    with served(*arguments) as (_, client, _printed):
        params = {"pubs": [[bell(FakeManilaV2()), None, 10]], "version": 2}
        times = ended(client, {"program_id": "sampler", "backend": "q", "params": params})
        assert (times["running"] - times["created"]).total_seconds() >= 0.399
        assert (times["finished"] - times["running"]).total_seconds() >= 1.599


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(number: signal.Signals) -> None:
    with served("--backend", "q=fake_manila") as (process, _, _printed):
        process.send_signal(number)
        assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--plan", "opn"], "Did you mean 'open'?"),
        (["--backend", "q=fake_manilla"], "Did you mean 'fake_manila'?"),
        (["--load", "3"], "load must be from 0"),
        (["--port", "99999"], "The port 99999 of 127.0.0.1 can't be had"),
        (["--queue-s", "-1"], "queue_s must be a number, 0 or more, not -1.0"),
        (["--history", "-1"], "history must be"),
    ],
)
def test_what_can_t_be_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["--backend", "=x"], ["--speed", "fast"], ["--hold", "all"], ["--no-such"]]
)
def test_what_is_no_argument_is_said_by_the_parser(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert arguments[0] in capsys.readouterr().err
