"""``python -m qmode_jupyter.ibm``: an emulated service by itself, for clients in other processes.

It prints one line of JSON with ``url``, ``crn`` and ``token``, and serves until it gets an interrupt or
its standard input is closed by who started it with ``--until-eof``.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any, Final

from qmode_jupyter.client.arguments import checked
from qmode_jupyter.client.options.kinds import one_of, real, whole_number
from qmode_jupyter.client.service import RuntimeService
from qmode_jupyter.errors import QmodeError
from qmode_jupyter.ibm.history import lead_in
from qmode_jupyter.ibm.server.listening import Server
from qmode_jupyter.scheduler.plans import PLANS, with_limits

_HOLDS: Final = ("first", "polls", "never")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted, and return the exit code."""
    given = _parser().parse_args(arguments)
    limits: dict[str, Any] = {"queue_s": given.queue_s, "preparation_s": given.min_run_s}
    try:
        checked("history", whole_number(), given.history)
        speed = checked("speed", one_of("max") | real(above=0), given.speed)
        plan = with_limits(given.plan, **limits)
        with (
            RuntimeService(
                plan, given.timing, "max", seed=given.seed, workers=given.workers, load=given.load
            ) as service,
            Server(
                service,
                port=given.port,
                token=given.token,
                backends=dict(given.backend) or None,
                hold=given.hold,
            ) as server,
        ):
            if given.history:
                lead_in(server, given.history)
            service.runtime.run_at(speed)
            print(json.dumps({"url": server.url, "crn": server.crn, "token": server.token}), flush=True)
            _wait(until_eof=given.until_eof)
    except (QmodeError, ValueError) as error:
        print(f"qmode_jupyter.ibm: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m qmode_jupyter.ibm",
        description="Serve an emulated IBM Quantum service on 127.0.0.1 to IBM's own client.",
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="where to listen; 0 takes a free one (default)")
    add("--plan", default="premium", help=f"limits and prices: {', '.join(PLANS)}")
    add("--speed", type=_speed, default=1.0, help="emulated seconds per second, or max (default: 1)")
    add("--timing", choices=("modelled", "measured"), default="modelled", help="of jobs on the QPU")
    add("--load", type=float, default=0.0, help="how busy other users keep each QPU, from 0 to 0.9")
    add("--seed", type=int, help="makes ids and other users repeatable")
    add("--workers", type=int, help="processes that simulate (default: one per core)")
    add(
        "--backend",
        type=_named,
        action="append",
        default=[],
        metavar="NAME=SNAPSHOT",
        help="a backend under a name of your own, as often as you like (default: IBM's devices)",
    )
    add("--token", help="the API key that clients need (default: a new one)")
    add("--history", type=int, default=0, metavar="N", help="so many jobs have run before")
    add("--queue-s", type=float, default=0.0, help="a job waits in the queue for at least so many seconds")
    add("--min-run-s", type=float, default=0.0, help="a job runs for at least so many seconds")
    add("--hold", choices=_HOLDS, default="first", help="which status requests wait for a job's end")
    add("--until-eof", action="store_true", help="end when standard input is closed")
    return parser


def _speed(text: str) -> float | str:
    return text if text == "max" else float(text)


def _named(text: str) -> tuple[str, str]:
    name, equals, source = text.partition("=")
    if not name:
        raise argparse.ArgumentTypeError(f"give NAME=SNAPSHOT, not {text!r}")
    return name, source if equals else name


def _wait(*, until_eof: bool) -> None:
    over = threading.Event()

    def at_eof() -> None:
        sys.stdin.read()
        over.set()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: over.set()) for number in numbers}
    try:
        if until_eof:
            threading.Thread(target=at_eof, daemon=True).start()
        while not over.wait(3600.0):
            pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
