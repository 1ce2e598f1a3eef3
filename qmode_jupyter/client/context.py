"""Which session or batch a `with` has put in force, as IBM's client has it (SEMANTICS S17).

A context variable holds it. Leaving any `with` sets it to nothing, also inside another one, and new
threads never see it. That is reproduced and not repaired, since the same code must do the same on
hardware; what is added is an explanation where it bites (SEMANTICS A18).
"""

from __future__ import annotations

import logging
import threading
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qmode_jupyter.client.session import Session

_log = logging.getLogger("qmode_jupyter.client.session")

_CURRENT: ContextVar[Session | None] = ContextVar("qmode_session", default=None)


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """One `with` whose body is running somewhere."""

    session: Session
    thread: threading.Thread


_blocks: list[_Block] = []


def current_session() -> Session | None:
    """Return the session or batch that primitives without a mode join, if there is one."""
    return _CURRENT.get()


def enter(session: Session) -> None:
    """Put `session` in force: the body of its `with` begins."""
    _blocks.append(_Block(session, threading.current_thread()))
    _CURRENT.set(session)


def leave(session: Session) -> None:
    """Leave nothing in force: the body of a `with` has ended."""
    _CURRENT.set(None)
    here = threading.current_thread()
    for block in reversed(_blocks):
        if block.session is session:
            _blocks.remove(block)
            break
    outer = [block.session for block in _blocks if block.thread is here]
    if outer:
        _log.warning(
            "Leaving the inner %s leaves no %s in force, though the outer %s is still open, as in IBM's "
            "client: give mode=... to the primitives that you make from here on.",
            _word(session),
            _word(outer[-1]),
            _word(outer[-1]),
        )


def why_none() -> str:
    """Say why no session is in force although a `with` is open; "" when none is."""
    here = threading.current_thread()
    if not _blocks:
        return ""
    if any(block.thread is here for block in _blocks):
        return (
            f"You are inside `with {_word(_blocks[-1].session)}`, but leaving a `with` inside it left none "
            "in force, as in IBM's client: give mode=... here."
        )
    return (
        f"`with {_word(_blocks[-1].session)}` is open in {_blocks[-1].thread.name}, but threads "
        "don't inherit it, as in IBM's client: give mode=... here."
    )


def _word(session: Session) -> str:
    return type(session).__name__
