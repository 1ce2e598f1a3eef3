"""The band over a chapter: what its workload was doing, and why; and what of that was charged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qmode_jupyter.style import words
from qmode_jupyter.timeline.canvas import first_that_fits, fitted, text_width

if TYPE_CHECKING:
    from qmode_jupyter.timeline.canvas import Canvas
    from qmode_jupyter.timeline.chapters import Chapter, Segment

#: Height of the band of a workload that has the picture to itself, and of one among others.
ALONE: Final = 34.0
AMONG_OTHERS: Final = 18.0

TEXT: Final = 9.0
SMALL: Final = 8.0

#: Between a band or bar and what stands beside it.
BESIDE: Final = 5.0
PADDING: Final = 4.0

LOWEST_WITH_NAME: Final = 9.0

#: A segment with less room than this is hardly seen, and needs no word.
SLIVER: Final = 6.0

#: A legend says "queued" where a band says "queue".
LEGEND_WORDS: Final = {"queued": words.JOB_WORDS["queued"]}

CHARGED_HEIGHT: Final = 15.0
LINE_HEIGHT: Final = 12.5

#: What stands between what a workload does and why, in one line.
_JOINTS: Final = {"active": ": ", "inactive": ": ", "closed": ": "}


def ending_lines(chapter: Chapter, height: float) -> tuple[str, ...]:
    """Return what stands behind the band: two lines where it is high enough, else one."""
    return chapter.ending if height >= ALONE else (" ".join(chapter.ending),)


def draw_state_band(canvas: Canvas, chapter: Chapter, top: float, height: float) -> dict[str, str]:
    """Draw a chapter's band; return the meanings that it has no room to say, each with a word."""
    theme = canvas.theme
    said: set[str] = set()
    unsaid: dict[str, str] = {}
    for segment in chapter.segments:
        canvas.bars(segment.meaning, segment.start, segment.end, top, height)
        room = (segment.end - segment.start) * canvas.points_per_s - 2 * PADDING
        lines = _fitting(segment, room, height)
        for number, line in enumerate(lines):
            y = top + height / 2 + (number - (len(lines) - 1) / 2) * LINE_HEIGHT
            ink = theme[segment.meaning].on
            centre = (segment.start + segment.end) / 2
            canvas.text(centre, y, line, ink, ha="center", size=_size(number), name="band", clear=False)
        if lines:
            said.add(segment.meaning)
        elif room > SLIVER:
            unsaid[segment.meaning] = LEGEND_WORDS.get(segment.meaning, segment.labels[0][0])
    for before, after in zip(chapter.segments, chapter.segments[1:], strict=False):
        if {before.meaning, after.meaning} != {"active", "window"}:
            canvas.line(theme.ground.page, (after.start, after.start), (top, top + height), width=1.0, z=3)
    _draw_ending(canvas, chapter, top, height)
    return {meaning: word for meaning, word in unsaid.items() if meaning not in said}


def _size(line: int) -> float:
    return SMALL if line else TEXT


def _fitting(segment: Segment, room: float, height: float) -> tuple[str, ...]:
    """Return the first choice of words that fits, in as many lines as the band has room for."""
    if height < AMONG_OTHERS:
        return ()
    for choice in segment.labels:
        lines = choice if height >= ALONE else (_JOINTS.get(segment.meaning, " ").join(choice),)
        if all(text_width(line, _size(number)) <= room for number, line in enumerate(lines)):
            return lines
    return ()


def _draw_ending(canvas: Canvas, chapter: Chapter, top: float, height: float) -> None:
    ground = canvas.theme.ground
    if not chapter.segments or height < AMONG_OTHERS:
        return
    going_on = chapter.ending == ("now",)
    if not going_on:
        canvas.line(ground.text, (chapter.end, chapter.end), (top, top + height), width=1.6, z=4)
    lines = ending_lines(chapter, height)
    room = canvas.width - canvas.x(chapter.end) - BESIDE
    for number, line in enumerate(lines):
        y = top + height / 2 + (number - (len(lines) - 1) / 2) * LINE_HEIGHT
        said = first_that_fits((line, line.split(" ")[0]), room, SMALL)
        colour = ground.text if number == 0 else ground.muted
        canvas.text(chapter.end, y, said, colour, dx=BESIDE, size=SMALL, name="ending")


def draw_charged(canvas: Canvas, chapter: Chapter, top: float) -> float:
    """Draw what a session is charged for as brackets under its band, and return the y below them."""
    ground = canvas.theme.ground
    for start, end in chapter.charged:
        width = (end - start) * canvas.points_per_s
        y = top + 4
        canvas.line(ground.muted, (start, start, end, end), (y - 2, y, y, y - 2), width=0.9)
        said = first_that_fits(
            (f"charged {words.duration(end - start)}", words.duration(end - start)), width, SMALL
        )
        canvas.text((start + end) / 2, y + 6.5, said, ground.muted, ha="center", size=SMALL, name="charged")
    return top + CHARGED_HEIGHT if chapter.charged else top


def draw_name_beside(canvas: Canvas, chapter: Chapter, top: float, height: float) -> None:
    """Write a chapter's name beside its band, when the band is high enough for letters."""
    if height < LOWEST_WITH_NAME or not chapter.segments:
        return
    ground = canvas.theme.ground
    right = canvas.width - canvas.x(chapter.end) - 2 * BESIDE
    start = chapter.segments[0].start
    left = canvas.x(start) - canvas.left - 2 * BESIDE
    if right >= min(left, text_width(chapter.name, SMALL)):
        said = fitted(chapter.name, right, SMALL)
        canvas.text(chapter.end, top + height / 2, said, ground.muted, dx=BESIDE, size=SMALL, name="chapter")
    else:
        said = fitted(chapter.name, left, SMALL)
        canvas.text(
            start, top + height / 2, said, ground.muted, dx=-BESIDE, ha="right", size=SMALL, name="chapter"
        )


def ending_width(chapter: Chapter, height: float) -> float:
    """Return how many points the words behind the band take."""
    return max(text_width(line, SMALL) for line in ending_lines(chapter, height)) + BESIDE
