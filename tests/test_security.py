"""What SECURITY.md promises of processes and sockets, and that what shows the rest is there."""

from __future__ import annotations

import os
import pickle
import re
import socket
import sqlite3
import stat
from pathlib import Path

import psutil
import pytest

from qmode_jupyter import SamplerV2
from tests.emulated import bell, service

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
PROMISES = re.findall(r"^\| (?!Promise|---)(.*?) \|.*\| (.*?) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("promise", "shown_by"), PROMISES, ids=[promise for promise, _ in PROMISES])
def test_each_promise_names_a_test_that_is_there(promise: str, shown_by: str) -> None:
    shown = [one.partition("::") for one in re.findall(r"`([^`]+)`", shown_by)]
    assert shown, promise
    for path, _, test in shown:
        assert (ROOT / path).is_file(), path
        assert not test or f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), test


def sockets() -> dict[tuple[int, int], str]:
    """The sockets of this process and of all that it started, with their kind and address."""
    found = {}
    here = psutil.Process()
    for process in (here, *here.children(recursive=True)):
        for one in process.net_connections(kind="all"):
            kind = "unix" if one.family is socket.AF_UNIX else "inet"
            found[process.pid, one.fd] = f"{kind} {one.laddr or ''} {one.raddr or ''}".strip()
    return found


def test_nobody_can_reach_what_simulates_and_nothing_leaves_the_machine() -> None:
    before = sockets()
    with service() as one:
        sampler = SamplerV2(one.backend("aer_simulator"))
        assert sampler.run([bell()], shots=16).result()[0].data.meas.num_shots == 16
        assert psutil.Process().children(recursive=True), "nothing simulates"
        added = {each: kind for each, kind in sockets().items() if each not in before}
        # A pair of sockets has no name in the file system; `inet` would be a port.
        assert set(added.values()) <= {"unix"}


def test_the_folder_of_the_workers_and_all_in_it_is_for_its_user_alone() -> None:
    with service() as one:
        SamplerV2(one.backend("aer_simulator")).run([bell()], shots=16).result()
        folders = [
            Path(file.path).parent for file in psutil.Process().open_files() if "/qmode-store-" in file.path
        ]
        assert folders
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


# ---- history


@pytest.mark.parametrize(
    "promise",
    [
        "Only you read your history",
        "Nothing in history is a pickle",
        "What a private job was asked is not kept",
        "A damaged history is kept, and set aside",
        "The history of a newer version is left as it is",
    ],
)
def test_what_is_promised_of_history_names_its_test(promise: str) -> None:
    shown_by = dict(PROMISES)[promise]
    assert re.search(r"`tests/[\w/]+\.py::test_\w+`", shown_by), shown_by


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


def test_the_history_of_a_service_is_for_its_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "history"
    before = os.umask(0)  # the most that a person's own setting lets everybody read
    try:
        with service(store=folder) as one:
            SamplerV2(one.backend("aer_simulator")).run([bell()], shots=16).result()
            there = modes(folder)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert there.pop("running") == 0o700
    assert {name: mode for name, mode in there.items() if "/" not in name and mode != 0o600} == {}
    assert "history.db" in there


def test_history_is_read_without_pickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with service(store=tmp_path) as one:
        job = SamplerV2(one.backend("aer_simulator")).run([bell()], shots=16)
        counts = job.result()[0].data.meas.get_counts()
    with service(store=tmp_path) as one:
        found = one.job(job.job_id())

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("history was unpickled")

        for name in ("load", "loads", "Unpickler"):
            monkeypatch.setattr(pickle, name, refuse)
        assert found.result()[0].data.meas.get_counts() == counts
        assert found.inputs["pubs"][0].circuit == bell()
        assert one.runtime.holder(found.job_id()).trace(found.job_id()).events


def test_a_private_job_leaves_nothing_of_its_circuit_in_the_files(tmp_path: Path) -> None:
    secret = bell()
    secret.name = "the-secret-of-this-circuit"
    options = {"environment": {"private": True}}
    with service(store=tmp_path) as one:
        sampler = SamplerV2(one.backend("aer_simulator"), options=options)
        read, unread = sampler.run([secret], shots=16), sampler.run([secret], shots=16)
        assert read.result() is not None
        unread.wait_for_final_state()
    with sqlite3.connect(tmp_path / "history.db") as db:
        assert db.execute("SELECT count(*) FROM circuits").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM requests").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM results").fetchone() == (1,)
    db.close()
    for path in tmp_path.rglob("history.db*"):
        assert b"the-secret" not in path.read_bytes()
