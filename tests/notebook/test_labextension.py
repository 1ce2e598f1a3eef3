"""The labextension's end in the kernel, against a busy kernel and against stand-ins for its edges."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from comm import get_comm_manager
from comm.base_comm import BaseComm
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from qmode_jupyter.notebook import labextension
from qmode_jupyter.notebook.labextension import FrontendComm, StatusPublisher
from qmode_jupyter.notebook.view_model import empty
from tests.emulated import service

WHOLE = {"v": 1, "runtime": "aaaa1111", "seq": 99, "whole": True, "workloads": {}, "jobs": {}}
DELTA = {"v": 1, "runtime": "aaaa1111", "seq": 99, "whole": False, "workloads": {}, "jobs": {"j1": {}}}

# --- a real kernel ------------------------------------------------------------------------------

SETUP = """
import threading
from qmode_jupyter.notebook.labextension import FrontendComm
acts, cancelled = [], threading.Event()
def act(request):
    acts.append(request)
    if request["id"] == "crash":
        raise ValueError("no such job: crash\\nand a second line")
    if request["id"] == "slow":
        stop.wait(30)
    if request["action"] == "cancel_job":
        cancelled.set()
    return {"ok": True}
def snapshot(ids):
    return {"v": 1, "runtime": "aaaa1111", "whole": ids is None, "workloads": {}, "jobs": {}}
stop = threading.Event()
pages = FrontendComm(get_ipython().kernel, snapshot, act)
pages.open()
"""


class Page:
    """What a page does, on a plain client of a real kernel."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client

    def run(self, code: str, wait: bool = True) -> str:
        ask = self.client.execute(code)
        if wait:
            while True:
                reply = self.client.get_shell_msg(timeout=20)
                if reply["parent_header"].get("msg_id") == ask:
                    assert reply["content"]["status"] == "ok", reply["content"]
                    break
        return ask

    def ask(self, kind: str, content: dict[str, Any], timeout_s: float = 5) -> dict[str, Any]:
        message = self.client.session.msg(kind, content)
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=timeout_s)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return reply["content"]

    def next(self, kind: str) -> dict[str, Any]:
        while True:
            message = self.client.get_iopub_msg(timeout=5)
            if message["msg_type"] == kind:
                return message["content"]

    def busy(self, ask: str) -> None:
        while True:
            message = self.client.get_iopub_msg(timeout=5)
            if message["msg_type"] == "execute_input" and message["parent_header"]["msg_id"] == ask:
                return


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    manager = KernelManager()
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=30)
        page = Page(client)
        page.run(SETUP)
        yield page
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_requests_are_answered_while_a_cell_blocks(page: Page) -> None:
    cell = page.run("cancelled.wait(20)", wait=False)
    page.busy(cell)

    found = page.ask("comm_info_request", {"target_name": labextension.TARGET})
    (comm,) = found["comms"]
    whole = page.ask(labextension.REQUEST, {"action": "snapshot"})
    assert (whole["ok"], whole["comm"], whole["snapshot"]["runtime"]) == (True, comm, "aaaa1111")

    clicked = time.perf_counter()
    answer = page.ask(labextension.REQUEST, {"action": "cancel_job", "runtime": "aaaa1111", "id": "j1"})
    assert answer == {"ok": True}
    assert time.perf_counter() - clicked < 0.5
    reply = page.client.get_shell_msg(timeout=5)  # the cell ends because the click arrived
    assert reply["parent_header"]["msg_id"] == cell


def test_an_interrupt_is_served_while_an_action_hangs(page: Page) -> None:
    hang = page.client.session.msg(
        labextension.REQUEST, {"action": "close", "runtime": "aaaa1111", "id": "slow"}
    )
    page.client.control_channel.send(hang)
    assert page.ask("comm_info_request", {"target_name": labextension.TARGET})["status"] == "ok"
    page.run("stop.set()")
    assert page.client.get_control_msg(timeout=5)["content"] == {"ok": True}


def test_an_action_that_fails_is_one_line(page: Page) -> None:
    answer = page.ask(labextension.REQUEST, {"action": "close", "runtime": "aaaa1111", "id": "crash"})
    assert answer == {"ok": False, "error": "no such job: crash"}


def test_published_from_a_thread_it_reaches_the_page_during_a_cell(page: Page) -> None:
    page.run(
        "thread = threading.Thread(target=lambda: [pages.publish(snapshot(frozenset())) for _ in range(3)])\n"
        "thread.start(); thread.join()"
    )
    first = page.next("comm_msg")["data"]["seq"]
    assert [page.next("comm_msg")["data"]["seq"] for _ in range(2)] == [first + 1, first + 2]


def test_a_page_that_does_not_know_us_does_not_end_it_for_the_others(page: Page) -> None:
    (comm,) = page.ask("comm_info_request", {"target_name": labextension.TARGET})["comms"]
    message = page.client.session.msg("comm_close", {"comm_id": comm, "data": {}})
    page.client.shell_channel.send(message)
    page.run("pages.publish(snapshot(None))")
    assert page.next("comm_msg")["comm_id"] == comm
    assert list(page.ask("comm_info_request", {"target_name": labextension.TARGET})["comms"]) == [comm]


def test_asked_over_the_comm_it_sends_the_whole(page: Page) -> None:
    (comm,) = page.ask("comm_info_request", {"target_name": labextension.TARGET})["comms"]
    page.client.shell_channel.send(
        page.client.session.msg("comm_msg", {"comm_id": comm, "data": {"action": "snapshot"}})
    )
    assert page.next("comm_msg")["data"]["whole"] is True


def test_closed_it_leaves_nothing(page: Page) -> None:
    page.run("pages.close(); pages.close()")
    assert page.ask("comm_info_request", {"target_name": labextension.TARGET})["comms"] == {}
    page.run("import threading; assert not [t for t in threading.enumerate() if 'qmode' in t.name]")
    page.run("assert 'qmode_request' not in get_ipython().kernel.control_handlers")
    page.run("pages.publish(snapshot(None))")
    page.run(SETUP)
    assert page.ask(labextension.REQUEST, {"action": "snapshot"})["ok"] is True


# --- stand-ins ----------------------------------------------------------------------------------


class FakeComm(BaseComm):
    """A comm whose messages are kept."""

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
    ) -> None:
        if msg_type == "comm_msg" and broken.is_set():
            raise OSError("socket closed")
        with arrived:
            sent.append((msg_type, data))
            arrived.notify_all()


class Kernel:
    """A kernel with control handlers and nothing else."""

    def __init__(self) -> None:
        self.control_handlers: dict[str, Any] = {}


sent: list[tuple[str, Any]] = []
broken = threading.Event()
arrived = threading.Condition()


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Any]]]:
    sent.clear()
    broken.clear()
    monkeypatch.setattr(labextension, "create_comm", FakeComm)
    yield sent
    get_comm_manager().comms.clear()


def opened(kernel: Any) -> FrontendComm:
    pages = FrontendComm(kernel, lambda ids: dict(WHOLE), lambda request: {"ok": True, "did": request["id"]})
    pages.open()
    return pages


def test_messages_are_numbered_by_the_kernel(comms: list[tuple[str, Any]]) -> None:
    pages = opened(Kernel())
    pages.publish(DELTA)
    pages.publish(DELTA)
    assert [(kind, data["seq"]) for kind, data in comms] == [
        ("comm_open", 0),
        ("comm_msg", 1),
        ("comm_msg", 2),
    ]
    assert DELTA["seq"] == 99  # the publisher's own message is not written to
    pages.close()


def test_many_threads_publish_without_a_gap(comms: list[tuple[str, Any]]) -> None:
    pages = opened(Kernel())
    crowd = [threading.Thread(target=lambda: [pages.publish(DELTA) for _ in range(50)]) for _ in range(4)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert [data["seq"] for _, data in comms] == list(range(201))
    pages.close()


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (
            {"action": "close", "runtime": "bbbb2222", "id": "w1"},
            "This button belongs to another runtime (bbbb2222, now aaaa1111): nothing was changed.",
        ),
        (
            {"action": "close", "id": "w1"},
            "This button belongs to another runtime (None, now aaaa1111): nothing was changed.",
        ),
        (
            {"action": "explode", "runtime": "aaaa1111", "id": "w1"},
            "There is no action 'explode'; there are cancel_job, cancel_all, close and snapshot.",
        ),
        ({}, "There is no action None; there are cancel_job, cancel_all, close and snapshot."),
        (
            {"action": "close", "runtime": "aaaa1111", "id": 7},
            "close needs the id of a job or workload; nothing was changed.",
        ),
    ],
)
def test_a_request_that_is_not_ours_is_refused(
    comms: list[tuple[str, Any]], request_: dict[str, Any], error: str
) -> None:
    pages = opened(Kernel())
    get_comm_manager().comms[pages._comm.comm_id].handle_msg(
        {"content": {"data": {**request_, "request": "r1"}}}
    )
    assert comms[-1] == ("comm_msg", {"answer": {"ok": False, "error": error}, "to": "r1"})
    pages.close()


def test_a_newer_runtime_takes_over(comms: list[tuple[str, Any]]) -> None:
    kernel = Kernel()
    old, new = opened(kernel), opened(kernel)
    old.close()
    assert kernel.control_handlers[labextension.REQUEST] == new._on_request
    new.publish({**DELTA, "runtime": "cccc3333"})
    assert "now cccc3333" in new._answer({"action": "close", "runtime": "aaaa1111", "id": "w1"})["error"]
    new.close()
    assert kernel.control_handlers == {}


def test_a_broken_connection_is_silent(comms: list[tuple[str, Any]]) -> None:
    pages = opened(Kernel())
    broken.set()
    pages.publish(DELTA)
    pages.close()
    pages.publish(DELTA)


def test_a_kernel_without_control_handlers_has_the_comm(comms: list[tuple[str, Any]]) -> None:
    pages = opened(object())
    pages.publish(DELTA)
    assert [kind for kind, _ in comms] == ["comm_open", "comm_msg"]
    pages.close()


def test_no_kernel_no_message(comms: list[tuple[str, Any]]) -> None:
    pages = opened(None)
    pages.publish(DELTA)
    pages.close()
    assert comms == []


# --- one service after the other ----------------------------------------------------------------


def messages(comms: list[tuple[str, Any]], until: int) -> list[dict[str, Any]]:
    """Wait until so many messages were sent, and return them."""
    with arrived:
        assert arrived.wait_for(lambda: len(comms) >= until, timeout=10)
    return [data for _, data in comms]


def test_the_pages_are_told_of_the_service_in_use_whole_first(comms: list[tuple[str, Any]]) -> None:
    publisher = StatusPublisher(Kernel())
    publisher.open()
    with service() as one, service(seed=8) as other:
        for number, used in enumerate((one, other), start=1):
            publisher.follow(used)
            publisher.follow(used)  # a second cell: nothing new
            told = messages(comms, number + 1)[number]
            assert (told["runtime"], told["whole"]) == (used.runtime.id, True)
        other.runtime.groups.open("g", other.backend("aer_simulator"))
        publisher.flush()
        assert [group["name"] for group in messages(comms, 4)[-1]["workloads"].values()] == ["g"]
        told = len(comms)
        one.close()  # it is not followed any more
        publisher.flush()
        publisher.close()
        publisher.follow(one)
        publisher.flush()
    assert [kind for kind, _ in comms[told:]] == ["comm_close"]


def test_before_there_is_a_service_a_click_changes_nothing(comms: list[tuple[str, Any]]) -> None:
    publisher = StatusPublisher(Kernel())
    publisher.open()
    assert comms == [("comm_open", {**empty(), "seq": 0})]
    request = {"action": "close", "runtime": "", "id": "w1"}
    assert publisher._pages._answer(request) == {
        "ok": False,
        "error": "Nothing runs here; nothing was changed.",
    }
    publisher.close()
