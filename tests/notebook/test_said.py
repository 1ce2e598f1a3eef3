"""Words and numbers as the pages say them, too: both sides are held to one list of what is said."""

from __future__ import annotations

import json
from pathlib import Path

import qmode_jupyter.style.words as words
from qmode_jupyter.scheduler.records import JobState, shown_state

#: What the pages say beside the words.
KNOWN = {"outcome": lambda state, code: shown_state(JobState(state), code).value}
SAID = json.loads(Path(__file__).with_name("said.json").read_text(encoding="utf-8"))


def test_the_words_are_those_that_the_pages_are_tested_with() -> None:
    ours = [[name, given, KNOWN.get(name, getattr(words, name, None))(*given)] for name, given, _ in SAID]
    assert [call for call in ours if call not in SAID] == []


def test_every_word_of_a_table_is_said() -> None:
    said = {(name, given[0]) for name, given, _ in SAID if not isinstance(given[0], dict)}
    assert {("job_word", state) for state in words.JOB_WORDS} <= said
    assert {("failure", code) for code in words.CODE_WORDS} <= said
    assert {("state_reason", reason) for reason in words.STATE_REASON_WORDS} <= said
