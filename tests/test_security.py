"""What SECURITY.md promises of processes and sockets, and that what shows the rest is there."""

from __future__ import annotations

import re
import socket
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
    paths = re.findall(r"`([^`]+)`", shown_by)
    assert paths, promise
    assert [path for path in paths if not (ROOT / path).is_file()] == []


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
