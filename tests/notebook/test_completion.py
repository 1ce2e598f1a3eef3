"""Tab behind the magics, as IPython asks for it."""

from __future__ import annotations

from typing import Any

import pytest
from IPython.core.completer import CompletionContext

from qmode_jupyter.cost.processors import MACHINES, PROCESSORS
from qmode_jupyter.notebook.commands import COMMANDS
from qmode_jupyter.notebook.completion import choices_for, matcher
from qmode_jupyter.notebook.flags import CELL_FLAGS, TIMINGS
from qmode_jupyter.runtime.backends import backend_names
from qmode_jupyter.scheduler.plans import PLANS


def offered(line: str, token: str | None = None, line_number: int = 0) -> list[str]:
    """What a person reads when they press Tab at the end of `line`."""
    found: dict[str, Any] = matcher(
        CompletionContext(
            token=line.rpartition(" ")[2].lstrip("-%") if token is None else token,
            full_text=line,
            cursor_position=len(line),
            cursor_line=line_number,
            limit=None,
        )
    )
    return [completion.text for completion in found["completions"]]


def names(magic: str) -> list[str]:
    return [name for flag in CELL_FLAGS[magic] for name in flag.names]


def test_each_magic_offers_the_flags_that_it_takes() -> None:
    for magic in CELL_FLAGS:
        assert list(choices_for(magic, [], "--")) == names(magic)
    assert "--max-time" in names("qsession")
    assert not {"--max-time", "--keep-open"} & set(names("qjob"))


def test_what_is_replaced_is_what_ipython_takes_for_the_word() -> None:
    assert offered("%%qsession --ma") == ["max-time"]
    assert offered("%%qsession --ma", token="--ma") == ["--max-time"]


def test_a_value_is_offered_behind_its_flag() -> None:
    assert offered("%%qsession --plan ") == list(PLANS)
    assert offered("%%qbatch --timing me") == [word for word in TIMINGS if word.startswith("me")]
    assert offered("%%qjob -b ") == list(backend_names())
    assert offered("%%qjob --backend aer") == ["aer_simulator"]
    assert offered("%%qsession --quiet ") == []


def test_the_commands_then_their_flags_then_the_values() -> None:
    assert offered("%qmode ") == list(COMMANDS)
    assert offered("%qmode st") == ["status"]
    assert offered("%qmode compare vqe --") == ["plans", "processors", "loads", "figure"]
    assert offered("%qmode compare vqe --plans ") == list(PLANS)
    assert offered("%qmode compare vqe --processors ") == [*PROCESSORS, *MACHINES]
    assert offered("%qmode show --") == []
    assert offered("%qmode nonesuch --") == []


@pytest.mark.parametrize(("line", "number"), [("%%qsession", 0), ("%time --", 0), ("%qmode ", 1)])
def test_other_lines_are_left_to_others(line: str, number: int) -> None:
    assert offered(line, line_number=number) == []
