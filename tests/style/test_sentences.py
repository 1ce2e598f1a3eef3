"""Messages of others as sentences of ours."""

from __future__ import annotations

import pytest

from qmode_jupyter.style import sentences


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("'a whole in quotes'", "a whole in quotes."),
        ('unable to synthesize "mystery"', 'unable to synthesize "mystery".'),
        ("'a' and 'b'", "'a' and 'b'."),
        ("two\n  lines.", "two lines."),
        (' "', '".'),
        (" .", "no reason was given."),
        ("did you mean 'open'?", "did you mean 'open'?"),
        ("\x1b[31mred", r"\x1b[31mred."),
    ],
)
def test_what_others_say_becomes_a_sentence(text: str, sentence: str) -> None:
    assert sentences.sentence(text) == sentence
