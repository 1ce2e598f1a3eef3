"""Lays a story out on a sheet: title, strips, rows or a density, the QPU, the time axis, the legend.

The horizontal scale comes first, so that every label right of its bar has room; then the picture is
written from top to bottom, and its height is what that took.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from qmode_jupyter.style import words
from qmode_jupyter.timeline.canvas import POINTS_PER_INCH, Sheet, first_that_fits, fitted, text_width
from qmode_jupyter.timeline.density import JOBS_HEIGHT, draw_density, draw_share
from qmode_jupyter.timeline.intervals import joined
from qmode_jupyter.timeline.job_rows import MEANINGS, draw_rows, pitch, row_labels
from qmode_jupyter.timeline.state_band import (
    ALONE,
    AMONG_OTHERS,
    draw_charged,
    draw_name_beside,
    draw_strip,
    ending_width,
)
from qmode_jupyter.timeline.ticks import ticks

if TYPE_CHECKING:
    from qmode_jupyter.style.palette import Theme
    from qmode_jupyter.timeline.canvas import Timeline
    from qmode_jupyter.timeline.chapters import Chapter
    from qmode_jupyter.timeline.content import Story
    from qmode_jupyter.timeline.intervals import Spans

#: More jobs than this share one density instead of having a row each; so do more workloads than that.
ROWS_AT_MOST: Final = 40
CHAPTERS_WITH_ROWS: Final = 8

#: Strips of more workloads than this get thinner, until all together are no higher than the second number.
FULL_STRIPS: Final = 12
STRIPS_HEIGHT: Final = 400.0

#: The words of a legend, in its order.
LEGEND: Final = {meaning: words.JOB_WORDS[meaning] for meaning in (*MEANINGS, "done")} | dict(words.QPU_WORDS)

#: More bars than this on the QPU's row are drawn as shares of its time.
QPU_BARS_AT_MOST: Final = 300

#: Sizes of the title, tried in order; a name too long for the last is cut.
TITLES: Final = (13.0, 11.5, 10.0)
TITLE: Final = TITLES[0]
NORMAL: Final = 9.5
SMALL: Final = 8.0
MARGIN: Final = 12.0
BESIDE: Final = 5.0
QPU_HEIGHT: Final = 22.0
ABOVE_DENSITY: Final = 10.0
HEADER_HEIGHT: Final = 17.0
LINE_HEIGHT: Final = 16.0
#: The bars keep at least this part of the width, whatever the labels beside them want.
BARS_SHARE: Final = 0.62
#: A row's label makes the bars give way by no more than this part.
LABEL_SHARE: Final = 0.2


class Picture:
    """The layout under way; `y` is how far down the page it has come."""

    def __init__(self, story: Story, theme: Theme, width_in: float) -> None:
        self.story = story
        self.theme = theme
        self.in_rows = len(story.phases) <= ROWS_AT_MOST and len(story.chapters) <= CHAPTERS_WITH_ROWS
        self.many = len(story.chapters) > 1
        self.strip_height = AMONG_OTHERS if self.many else ALONE
        width = width_in * POINTS_PER_INCH
        left = MARGIN + max(text_width(name, SMALL, "bold") for name in self._names()) + 6
        self.sheet = Sheet(theme, width, left, story.start, self._points_per_s(left, width))
        self.until = min(story.until, self.sheet.second(width - MARGIN))
        self.seen: set[str] = set()
        self.unsaid: dict[str, str] = {}
        self.y = MARGIN

    def figure(self) -> Timeline:
        """Return the finished figure."""
        sheet = self.sheet
        self._title()
        self._outlook()
        grid_top = self.y + self.strip_height
        for chapter in self.story.chapters:
            self._chapter(chapter)
        if not self.in_rows:
            self.y, meanings = draw_density(sheet, self.story.phases, self.story.end, self.y + ABOVE_DENSITY)
            self._saw(meanings)
            self._why_failed()
        self._qpu()
        floor = self.y + 4
        span = sheet.second(sheet.width - MARGIN) - sheet.start
        marks, unit = ticks(span, lambda label: (text_width(label, SMALL) + 18) / sheet.points_per_s)
        for second, _ in marks:
            at = sheet.start + second
            sheet.line(self.theme.ground.line, (at, at), (grid_top, floor), width=0.7, z=0.5)
        self.y = floor + 18
        self._axis_label(unit)
        self._legend()
        ticks_at = [(sheet.start + second, label) for second, label in marks]
        return sheet.figure(self.story.one_line, self.y + MARGIN, floor, ticks_at)

    # ---- across

    def _names(self) -> Iterable[str]:
        yield "QPU"
        if self.in_rows:
            yield from (f"job {len(chapter.jobs)}" for chapter in self.story.chapters)
        else:
            yield from ("running", f"{len(self.story.phases):,}")

    def _points_per_s(self, left: float, width: float) -> float:
        """Return the scale at which all labels right of their bars have room."""
        story = self.story
        room = width - left - MARGIN
        reach = max([story.end, *(mark.at for chapter in story.chapters for mark in chapter.marks)])
        scale = room / (reach - story.start)
        least = scale * BARS_SHARE
        for end, label in self._right_labels(room):
            if end > story.start:
                scale = min(scale, max(least, (room - label - BESIDE) / (end - story.start)))
        return scale

    def _right_labels(self, room: float) -> Iterable[tuple[float, float]]:
        for chapter in self.story.chapters:
            yield chapter.end, ending_width(chapter, self.strip_height)
            if self.in_rows:
                labels = row_labels(chapter.jobs, chapter.phases)
                yield from ((label.end, label.width(room * LABEL_SHARE) + BESIDE) for label in labels)

    # ---- down

    def _title(self) -> None:
        sheet, ground = self.sheet, self.theme.ground
        room = sheet.width - 2 * MARGIN
        self.y += TITLE / 2
        title, size = self._title_in(room)
        self._at(MARGIN, title, ground.text, size=size, weight="bold", name="title")
        self.y += TITLE / 2 + 4
        x = MARGIN
        self.y += LINE_HEIGHT / 2
        for number, fact in enumerate(self.story.facts):
            said = fitted(fact.text, room, NORMAL)
            width = text_width(said, NORMAL)
            separator = text_width("  ·  ", NORMAL)
            if number and x + separator + width > MARGIN + room:
                x = MARGIN
                self.y += LINE_HEIGHT
            elif number:
                self._at(x, "  ·  ", ground.muted, size=NORMAL)
                x += separator
            colour = self.theme[fact.meaning].text if fact.meaning else ground.text
            self._at(x, said, colour, size=NORMAL, name="fact")
            x += width
        self.y += LINE_HEIGHT / 2 + 8

    def _title_in(self, room: float) -> tuple[str, float]:
        """Return the title and its size; where even the smallest is too large, both its halves are cut."""
        name, place = self.story.name, f" on {self.story.qpu}"
        for size in TITLES:
            if whole := first_that_fits((name + place,), room, size, "bold"):
                return whole, size
        place = fitted(place, room / 2, size, "bold")
        return fitted(name, room - text_width(place, size, "bold"), size, "bold") + place, size

    def _outlook(self) -> None:
        """Name the timeouts that the picture reaches, over their lines."""
        named = [m for c in self.story.chapters for m in c.marks if m.says] if not self.many else []
        if not named:
            return
        ground = self.theme.ground
        taken = self.sheet.width - MARGIN
        for mark in sorted(named, key=lambda m: -m.at):
            x = min(self.sheet.x(mark.at), taken)
            said = first_that_fits(mark.says, x - MARGIN, SMALL)
            self.sheet.text(
                self.sheet.second(x),
                self.y + 4,
                said,
                ground.muted,
                dx=2,
                ha="right",
                size=SMALL,
                name="timeout",
            )
            taken = x - text_width(said, SMALL) - 10
        self.y += 13

    def _chapter(self, chapter: Chapter) -> None:
        sheet, ground = self.sheet, self.theme.ground
        count = len(self.story.chapters)
        height = self.strip_height
        named = count <= FULL_STRIPS
        if count > FULL_STRIPS:
            height = min(AMONG_OTHERS, STRIPS_HEIGHT / count) * 0.85
        if self.many and named:
            name = fitted(chapter.name, sheet.width * 0.5, NORMAL, "bold")
            self.y += HEADER_HEIGHT / 2
            self._at(sheet.left, name, ground.text, size=NORMAL, weight="bold", name="chapter")
            x = sheet.left + text_width(name, NORMAL, "bold") + 10
            summary = fitted("  ·  ".join(chapter.summary), sheet.width - MARGIN - x, SMALL)
            self._at(x, summary, ground.muted, size=SMALL)
            self.y += HEADER_HEIGHT / 2
        top, foot = self.y, self.y + height
        self.unsaid |= draw_strip(sheet, chapter, top, height)
        self.y = foot
        if named:
            self.y = draw_charged(sheet, chapter, self.y)
        else:
            draw_name_beside(sheet, chapter, top, height)
            self.y += height * 0.15
        if self.in_rows and chapter.jobs:
            self.y = (
                draw_rows(sheet, chapter.jobs, chapter.phases, self.y + 5, pitch(len(self.story.phases))) + 3
            )
            self._saw(m for m in MEANINGS if len(chapter.phases.spans(m)))
            self._lines(chapter, top, foot, self.y)
        elif self.in_rows or self.many:
            self._lines(chapter, top, foot, foot)
        else:
            self._lines(chapter, top, foot, self.y + ABOVE_DENSITY + JOBS_HEIGHT)
        if self.many and named:
            self.y += 8

    def _lines(self, chapter: Chapter, top: float, foot: float, deep: float) -> None:
        ground = self.theme.ground
        marked = {mark.at for mark in chapter.marks}
        for before, stretch in pairwise(chapter.stretches):
            pause = {before.meaning, stretch.meaning} <= {"active", "window"}
            if pause or stretch.start in marked or deep == foot:
                continue
            self.sheet.line(ground.muted, (stretch.start,) * 2, (foot, deep), width=0.7, dashes=":", z=1)
        for mark in chapter.marks:
            colour = ground.text if mark.meaning == "maximum" else ground.muted
            self.sheet.line(colour, (mark.at,) * 2, (top - 2, deep), width=0.9, dashes="--", z=3.5)

    def _why_failed(self) -> None:
        """Say the codes and reasons of failures, which have no row to stand on."""
        if not self.story.failures:
            return
        self.y += 14
        room = self.sheet.width - self.sheet.left - MARGIN
        choices = self.story.failures
        said = first_that_fits(choices, room, SMALL) or fitted(choices[-1], room, SMALL)
        self._at(self.sheet.left, said, self.theme["failed"].text, size=SMALL, name="failures")
        self.y += 4

    def _qpu(self) -> None:
        sheet, story, ground = self.sheet, self.story, self.theme.ground
        self.y += 12
        top = self.y
        everybody = {meaning: story.phases.on_qpu(meaning) for meaning in ("on_qpu", "failed", "cancelled")}
        everybody["on_qpu"] = joined(everybody["on_qpu"], story.elsewhere)
        everybody |= {"other_users": story.others, "calibration": story.calibrations}
        clipped = {m: s.clipped(story.start, self.until) for m, s in everybody.items()}
        spans = {m: s for m, s in clipped.items() if len(s)}
        sheet.bars("track", story.start, self.until, top, QPU_HEIGHT)
        if sum(map(len, spans.values())) > QPU_BARS_AT_MOST:
            draw_share(sheet, spans, self.until, top, QPU_HEIGHT)
        else:
            for meaning, s in spans.items():
                sheet.bars(meaning, s.start, s.end, top, QPU_HEIGHT)
            self._divide(spans.values(), top)
        self._saw(spans)
        self.y += QPU_HEIGHT
        sheet.text(
            story.start,
            top + QPU_HEIGHT / 2,
            "QPU",
            ground.text,
            dx=-6,
            ha="right",
            size=SMALL,
            weight="bold",
        )

    def _divide(self, spans: Iterable[Spans], top: float) -> None:
        """Part bars that follow each other without a pause, where they are wide enough for it."""
        bars = sorted((a, b) for s in spans for a, b in zip(s.start.tolist(), s.end.tolist(), strict=True))
        wide = 4 / self.sheet.points_per_s
        pause = 0.7 / self.sheet.points_per_s
        for (start, end), (following, last) in pairwise(bars):
            if following - end < pause and end - start > wide and last - following > wide:
                self.sheet.line(
                    self.theme.ground.page, (following,) * 2, (top, top + QPU_HEIGHT), width=0.7, z=2.5
                )

    def _axis_label(self, unit: str) -> None:
        sheet = self.sheet
        choices = (f"time since {self.story.since} ({unit}, emulated)", f"emulated time ({unit})", unit)
        room = sheet.width - sheet.left - MARGIN
        self.y += 4
        self._at(
            sheet.left,
            first_that_fits(choices, room, SMALL),
            self.theme.ground.muted,
            size=SMALL,
            name="axis",
        )
        self.y += 6

    def _legend(self) -> None:
        entries = {m: said for m, said in LEGEND.items() if m in self.seen} | self.unsaid
        if not entries:
            return
        sheet = self.sheet
        self.y += 16
        x = sheet.left
        for meaning, said in entries.items():
            width = 14 + 5 + text_width(said, SMALL) + 16
            if x > sheet.left and x + width - 16 > sheet.width - MARGIN:
                x = sheet.left
                self.y += 15
            sheet.bars(meaning, sheet.second(x), sheet.second(x + 14), self.y - 4, 8)
            self._at(x + 19, said, self.theme.ground.text, size=SMALL, name="legend")
            x += width
        self.y += 6

    def _saw(self, meanings: Iterable[str]) -> None:
        self.seen |= set(meanings)

    def _at(
        self, x: float, said: str, colour: str, *, size: float, weight: str = "normal", name: str = ""
    ) -> None:
        self.sheet.text(
            self.sheet.second(x),
            self.y,
            said,
            colour,
            size=size,
            weight=weight,
            name=name,
            clear=name == "failures",
        )
