"""The labextension's end in the kernel: status out over a comm, requests in over the control channel.

Out: the comm `qmode.status`, opened by the kernel with a whole snapshot and fed with what the
publisher sends, numbered one by one, so that a page that lost one knows it and asks for the whole.

In: control messages `qmode_request`. The shell channel waits while a cell runs, the control channel
does not: a click on Cancel, and the snapshot after a page reload, are answered during a blocked
cell. The handler itself only hands the request on, because interrupts share its thread. Kernels
with no control handlers (not ipykernel) get the same requests over the comm.

A request is `{"action": ..., "runtime": ..., "id": ...}`, an answer `{"ok": true}` or
`{"ok": false, "error": "one line"}`; that of "snapshot" has the snapshot and the comm's id besides.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from comm import create_comm, get_comm_manager
from comm.base_comm import BaseComm

from qmode_jupyter.errors import RuntimeClosedError
from qmode_jupyter.notebook.display.throttle import PAGES, Outbox, RateLimit, Throttle
from qmode_jupyter.notebook.view_model import Message, empty, snapshot
from qmode_jupyter.style.characters import printable, shown

if TYPE_CHECKING:
    from qmode_jupyter.client.service import RuntimeService


#: The comm target that the labextension listens to.
TARGET: Final = "qmode.status"
#: The control messages: what a page asks, and what it gets.
REQUEST: Final = "qmode_request"
REPLY: Final = "qmode_reply"

#: What a page may ask to be done; "snapshot" changes nothing and is answered here.
ACTIONS: Final = ("cancel_job", "cancel_all", "close")

_log = logging.getLogger(__name__)


class FrontendComm:
    """What the pages of one kernel are told, and what they ask.

    Parameters
    ----------
    kernel
        The kernel that this process is, or None outside of one; whatever it lacks is done without.
    snapshot
        Returns the view model: whole for None, else what it knows of the ids given. Any thread.
    act
        Carries out one action and returns its answer. Called on a thread of its own.

    Notes
    -----
    Every method may be called from any thread. Nothing here prints or raises on a broken connection: a
    page that misses a message asks again.
    """

    def __init__(
        self,
        kernel: Any,
        snapshot: Callable[[frozenset[str] | None], Message],
        act: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> None:
        self._kernel = kernel
        self._snapshot = snapshot
        self._act = act
        self._comm: BaseComm | None = None
        self._executor: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._seq = 0
        self._runtime = ""

    def open(self) -> None:
        """Tell the pages that we are here, and take their requests from now on."""
        if self._kernel is None or self._comm is not None:
            return
        # One thread: actions take effect in the order of the clicks.
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="qmode-labextension")
        self._listen(create_comm(target_name=TARGET, data=self._whole()))
        handlers = getattr(self._kernel, "control_handlers", None)
        if handlers is not None:
            handlers[REQUEST] = self._on_request

    def publish(self, message: Message) -> None:
        """Send a whole snapshot or a delta to the pages, numbered; without a comm nothing happens."""
        with self._lock:
            # Counted also while there is no comm: a page that opens in between sees that it missed one.
            self._seq += 1
            self._runtime = message["runtime"]
            self._send({**message, "seq": self._seq})

    def close(self) -> None:
        """Tell the pages that we are gone; requests that come later get no answer."""
        handlers = getattr(self._kernel, "control_handlers", {})
        if handlers.get(REQUEST) == self._on_request:
            del handlers[REQUEST]
        with self._lock:
            comm, self._comm = self._comm, None
        if comm is not None:
            with contextlib.suppress(Exception):
                comm.close()
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def _whole(self) -> Message:
        # The number is read first and the lock not held while others build: what is published in
        # between has a higher number, so a page applies it on top and ends with the newest of each.
        with self._lock:
            seq = self._seq
        message: Message = {**self._snapshot(None), "seq": seq}
        self._runtime = message["runtime"]
        return message

    def _send(self, data: Mapping[str, Any]) -> None:
        comm = self._comm
        if comm is None:
            return
        try:
            comm.send(dict(data))
        except Exception:  # noqa: BLE001 - a closing kernel has no socket left; no page is waiting then
            _log.debug("a status message was not sent", exc_info=True)

    def _listen(self, comm: BaseComm) -> None:
        comm.on_msg(self._on_message)
        comm.on_close(self._on_close)
        self._comm = comm

    def _on_close(self, message: Any) -> None:
        """Take the comm up again when a page closes it: others still listen.

        A page that does not know the target, such as another front end on the same kernel, closes
        the comm as soon as it hears of it.
        """
        with self._lock:
            if self._comm is None:
                return
            again = create_comm(target_name=TARGET, comm_id=self._comm.comm_id, primary=False)
            get_comm_manager().register_comm(again)
            self._listen(again)

    def _on_message(self, message: Mapping[str, Any]) -> None:
        """Answer a request that came over the comm."""
        data = message.get("content", {}).get("data")
        if isinstance(data, dict) and data.get("action") == "snapshot":
            self._send(self._whole())
        else:
            number = data.get("request") if isinstance(data, dict) else None
            self._send({"answer": self._answer(data), "to": number})

    async def _on_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Hand a control message on, and see to it that its answer is sent from this thread."""
        executor, loop = self._executor, asyncio.get_running_loop()
        if executor is None:
            return

        def reply(answer: dict[str, Any]) -> None:
            self._kernel.session.send(stream, REPLY, answer, parent, ident)

        def done(future: Future[dict[str, Any]]) -> None:
            # Cancelled by close(), or the loop is gone: nobody waits any more.
            with contextlib.suppress(RuntimeError):
                if not future.cancelled():
                    loop.call_soon_threadsafe(reply, future.result())

        with contextlib.suppress(RuntimeError):
            executor.submit(self._answer, parent.get("content")).add_done_callback(done)

    def _answer(self, request: Any) -> dict[str, Any]:
        if not isinstance(request, dict):
            return {"ok": False, "error": f"A request is an object with names, not {shown(request)}."}
        try:
            if request.get("action") == "snapshot":
                comm = self._comm
                return {"ok": True, "comm": comm.comm_id if comm else None, "snapshot": self._whole()}
            refusal = self._refusal(request)
            return {"ok": False, "error": refusal} if refusal else self._act(request)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the person who clicked is told
            _log.debug("a request failed", exc_info=True)
            first = (str(error).strip().splitlines() or [""])[0]
            return {"ok": False, "error": first or type(error).__name__}

    def _refusal(self, request: Mapping[str, Any]) -> str:
        """Return why a request is not carried out, or nothing."""
        action, runtime = request.get("action"), request.get("runtime")
        if action not in ACTIONS:
            return f"There is no action {shown(action)}; there are {', '.join(ACTIONS)} and snapshot."
        if runtime != self._runtime:
            theirs = printable(str(runtime)[:8])
            return (
                f"This button belongs to another runtime ({theirs}, now {self._runtime[:8]}): "
                "nothing was changed."
            )
        if not isinstance(request.get("id"), str):
            return f"{action} needs the id of a job or workload; nothing was changed."
        return ""


class StatusPublisher:
    """Tells the pages of one service at a time, the one that the magics use.

    Parameters
    ----------
    kernel
        The kernel of this process; None outside of one, and then nothing is ever sent.
    """

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._lock = threading.Lock()
        self._service: RuntimeService | None = None
        self._pages = FrontendComm(kernel, self._view, self._act)
        self._outbox = Outbox(self._view, RateLimit(*PAGES))
        self._throttle = Throttle(self._outbox, self._pages.publish)
        self._unsubscribe: Callable[[], None] = _nothing
        self._closed = False

    def open(self) -> None:
        """Tell the pages that we are here, with nothing to show yet."""
        self._pages.open()

    def follow(self, service: RuntimeService) -> None:
        """Tell about this service from now on; any thread."""
        with self._lock:
            if self._kernel is None or self._closed or service is self._service:
                return
            self._unsubscribe()
            self._service = service
            self._outbox.start_over()
            self._unsubscribe = service.runtime.subscribe(self._throttle.changed, self._start_over)
            self._throttle.changed()

    def flush(self) -> None:
        """Tell the pages how things stand now: a cell has ended."""
        self._throttle.flush()

    def close(self) -> None:
        """Tell the pages that nothing is here any more."""
        with self._lock:
            self._closed = True
            self._unsubscribe()
            self._throttle.close()
            self._pages.close()

    def _view(self, changed: frozenset[str] | None) -> Message:
        if self._service is None:
            return empty()
        try:
            return snapshot(self._service.runtime, changed)
        except RuntimeClosedError:
            return empty()

    def _start_over(self) -> None:
        self._outbox.start_over()
        self._throttle.changed()

    def _act(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._service is None:
            return {"ok": False, "error": "Nothing runs here; nothing was changed."}
        # It brings Qiskit; a service has brought that before.
        from qmode_jupyter.notebook.actions import act

        return act(self._service.runtime, request)


def _nothing() -> None:
    """Stand for a subscription that there is not."""
