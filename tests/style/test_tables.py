"""Tables as text and as HTML."""

from __future__ import annotations

from qmode_jupyter.style.tables import Table


def test_numbers_are_aligned_to_the_right() -> None:
    table = Table("jobs", ("job", ">usage"), (("d41f", "3 s"), ("d42", "120 s")), ("2 jobs",))
    assert repr(table).splitlines() == ["jobs", "job   usage", "d41f    3 s", "d42   120 s", "2 jobs"]


def test_no_rows_leave_the_note() -> None:
    assert repr(Table("", ("a",), (), ("nothing yet",))) == "nothing yet"


def test_html_is_escaped() -> None:
    html = Table("<t>", ("<a>",), (("<b>&",),), ("<n>",))._repr_html_()
    assert "<b>&amp;" not in html
    for text in ("&lt;a&gt;", "&lt;b&gt;&amp;", "&lt;t&gt;", "&lt;n&gt;"):
        assert text in html
    assert html.startswith("<")
