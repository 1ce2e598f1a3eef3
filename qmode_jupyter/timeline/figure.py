"""The layout of a timeline: title, bands, rows or a density, the QPU, the time axis, the legend.

The horizontal scale comes first, so that every label right of its bar has room; then the picture is
written from top to bottom, and its height is what that took.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from qmode_jupyter.style import words
from qmode_jupyter.timeline.canvas import POINTS_PER_INCH, Canvas, first_that_fits, fitted, text_width, ticks
from qmode_jupyter.timeline.density import JOBS_HEIGHT, draw_density, draw_share
from qmode_jupyter.timeline.intervals import joined
from qmode_jupyter.timeline.job_rows import MEANINGS, draw_rows, pitch, row_labels
from qmode_jupyter.timeline.state_band import (
    ALONE,
    AMONG_OTHERS,
    draw_charged,
    draw_name_beside,
    draw_state_band,
    ending_width,
)

if TYPE_CHECKING:
    from qmode_jupyter.style.palette import Theme
    from qmode_jupyter.timeline.canvas import Timeline
    from qmode_jupyter.timeline.chapters import Chapter
    from qmode_jupyter.timeline.content import Content
    from qmode_jupyter.timeline.intervals import Spans

#: More jobs than this share one density instead of having a row each; so do more workloads than that.
ROWS_AT_MOST: Final = 40
CHAPTERS_WITH_ROWS: Final = 8

#: Bands of more workloads than this get thinner, until all together are no higher than the second number.
FULL_BANDS: Final = 12
BANDS_HEIGHT: Final = 400.0

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


class Layout:
    """The layout under way; `y` is how far down the page it has come."""

    def __init__(self, content: Content, theme: Theme, width_in: float) -> None:
        self.content = content
        self.theme = theme
        self.in_rows = len(content.phases) <= ROWS_AT_MOST and len(content.chapters) <= CHAPTERS_WITH_ROWS
        self.many = len(content.chapters) > 1
        self.band_height = AMONG_OTHERS if self.many else ALONE
        width = width_in * POINTS_PER_INCH
        left = MARGIN + max(text_width(name, SMALL, "bold") for name in self._names()) + 6
        self.canvas = Canvas(theme, width, left, content.start, self._points_per_s(left, width))
        self.until = min(content.until, self.canvas.second(width - MARGIN))
        self.seen: set[str] = set()
        self.unsaid: dict[str, str] = {}
        self.y = MARGIN

    def figure(self) -> Timeline:
        """Return the finished figure."""
        canvas = self.canvas
        self._title()
        self._name_timeouts()
        grid_top = self.y + self.band_height
        for chapter in self.content.chapters:
            self._chapter(chapter)
        if not self.in_rows:
            self.y, meanings = draw_density(
                canvas, self.content.phases, self.content.end, self.y + ABOVE_DENSITY
            )
            self._saw(meanings)
            self._why_failed()
        self._qpu()
        floor = self.y + 4
        span = canvas.second(canvas.width - MARGIN) - canvas.start
        marks, unit = ticks(span, lambda label: (text_width(label, SMALL) + 18) / canvas.points_per_s)
        for second, _ in marks:
            at = canvas.start + second
            canvas.line(self.theme.ground.line, (at, at), (grid_top, floor), width=0.7, z=0.5)
        self.y = floor + 18
        self._axis_label(unit)
        self._legend()
        ticks_at = [(canvas.start + second, label) for second, label in marks]
        return canvas.figure(self.content.one_line, self.y + MARGIN, floor, ticks_at)

    # ---- across

    def _names(self) -> Iterable[str]:
        yield "QPU"
        if self.in_rows:
            yield from (f"job {len(chapter.jobs)}" for chapter in self.content.chapters)
        else:
            yield from ("running", f"{len(self.content.phases):,}")

    def _points_per_s(self, left: float, width: float) -> float:
        """Return the scale at which all labels right of their bars have room."""
        content = self.content
        room = width - left - MARGIN
        reach = max([content.end, *(mark.at for chapter in content.chapters for mark in chapter.marks)])
        scale = room / (reach - content.start)
        least = scale * BARS_SHARE
        for end, label in self._right_labels(room):
            if end > content.start:
                scale = min(scale, max(least, (room - label - BESIDE) / (end - content.start)))
        return scale

    def _right_labels(self, room: float) -> Iterable[tuple[float, float]]:
        for chapter in self.content.chapters:
            yield chapter.end, ending_width(chapter, self.band_height)
            if self.in_rows:
                labels = row_labels(chapter.jobs, chapter.phases)
                yield from ((label.end, label.width(room * LABEL_SHARE) + BESIDE) for label in labels)

    # ---- down

    def _title(self) -> None:
        canvas, ground = self.canvas, self.theme.ground
        room = canvas.width - 2 * MARGIN
        self.y += TITLE / 2
        title, size = self._title_in(room)
        self._at(MARGIN, title, ground.text, size=size, weight="bold", name="title")
        self.y += TITLE / 2 + 4
        x = MARGIN
        self.y += LINE_HEIGHT / 2
        for number, item in enumerate(self.content.summary):
            said = fitted(item.text, room, NORMAL)
            width = text_width(said, NORMAL)
            separator = text_width("  ·  ", NORMAL)
            if number and x + separator + width > MARGIN + room:
                x = MARGIN
                self.y += LINE_HEIGHT
            elif number:
                self._at(x, "  ·  ", ground.muted, size=NORMAL)
                x += separator
            colour = self.theme[item.meaning].text if item.meaning else ground.text
            self._at(x, said, colour, size=NORMAL, name="summary")
            x += width
        self.y += LINE_HEIGHT / 2 + 8

    def _title_in(self, room: float) -> tuple[str, float]:
        """Return the title and its size; where even the smallest is too large, both its halves are cut."""
        name, place = self.content.name, f" on {self.content.qpu}"
        for size in TITLES:
            if whole := first_that_fits((name + place,), room, size, "bold"):
                return whole, size
        place = fitted(place, room / 2, size, "bold")
        return fitted(name, room - text_width(place, size, "bold"), size, "bold") + place, size

    def _name_timeouts(self) -> None:
        """Name the timeouts that the picture reaches, over their lines."""
        named = [m for c in self.content.chapters for m in c.marks if m.labels] if not self.many else []
        if not named:
            return
        ground = self.theme.ground
        taken = self.canvas.width - MARGIN
        for mark in sorted(named, key=lambda m: -m.at):
            x = min(self.canvas.x(mark.at), taken)
            said = first_that_fits(mark.labels, x - MARGIN, SMALL)
            self.canvas.text(
                self.canvas.second(x),
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
        canvas, ground = self.canvas, self.theme.ground
        count = len(self.content.chapters)
        height = self.band_height
        named = count <= FULL_BANDS
        if count > FULL_BANDS:
            height = min(AMONG_OTHERS, BANDS_HEIGHT / count) * 0.85
        if self.many and named:
            name = fitted(chapter.name, canvas.width * 0.5, NORMAL, "bold")
            self.y += HEADER_HEIGHT / 2
            self._at(canvas.left, name, ground.text, size=NORMAL, weight="bold", name="chapter")
            x = canvas.left + text_width(name, NORMAL, "bold") + 10
            summary = fitted("  ·  ".join(chapter.summary), canvas.width - MARGIN - x, SMALL)
            self._at(x, summary, ground.muted, size=SMALL)
            self.y += HEADER_HEIGHT / 2
        top, foot = self.y, self.y + height
        self.unsaid |= draw_state_band(canvas, chapter, top, height)
        self.y = foot
        if named:
            self.y = draw_charged(canvas, chapter, self.y)
        else:
            draw_name_beside(canvas, chapter, top, height)
            self.y += height * 0.15
        if self.in_rows and chapter.jobs:
            self.y = (
                draw_rows(canvas, chapter.jobs, chapter.phases, self.y + 5, pitch(len(self.content.phases)))
                + 3
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
        for before, segment in pairwise(chapter.segments):
            pause = {before.meaning, segment.meaning} <= {"active", "window"}
            if pause or segment.start in marked or deep == foot:
                continue
            self.canvas.line(ground.muted, (segment.start,) * 2, (foot, deep), width=0.7, dashes=":", z=1)
        for mark in chapter.marks:
            colour = ground.text if mark.meaning == "maximum" else ground.muted
            self.canvas.line(colour, (mark.at,) * 2, (top - 2, deep), width=0.9, dashes="--", z=3.5)

    def _why_failed(self) -> None:
        """Say the codes and reasons of failures, which have no row to stand on."""
        if not self.content.failures:
            return
        self.y += 14
        room = self.canvas.width - self.canvas.left - MARGIN
        choices = self.content.failures
        said = first_that_fits(choices, room, SMALL) or fitted(choices[-1], room, SMALL)
        self._at(self.canvas.left, said, self.theme["failed"].text, size=SMALL, name="failures")
        self.y += 4

    def _qpu(self) -> None:
        canvas, content, ground = self.canvas, self.content, self.theme.ground
        self.y += 12
        top = self.y
        everybody = {meaning: content.phases.on_qpu(meaning) for meaning in ("on_qpu", "failed", "cancelled")}
        everybody["on_qpu"] = joined(everybody["on_qpu"], content.elsewhere)
        everybody |= {"other_users": content.others, "calibration": content.calibrations}
        clipped = {m: s.clipped(content.start, self.until) for m, s in everybody.items()}
        spans = {m: s for m, s in clipped.items() if len(s)}
        canvas.bars("track", content.start, self.until, top, QPU_HEIGHT)
        if sum(map(len, spans.values())) > QPU_BARS_AT_MOST:
            draw_share(canvas, spans, self.until, top, QPU_HEIGHT)
        else:
            for meaning, s in spans.items():
                canvas.bars(meaning, s.start, s.end, top, QPU_HEIGHT)
            self._divide(spans.values(), top)
        self._saw(spans)
        self.y += QPU_HEIGHT
        canvas.text(
            content.start,
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
        wide = 4 / self.canvas.points_per_s
        pause = 0.7 / self.canvas.points_per_s
        for (start, end), (following, last) in pairwise(bars):
            if following - end < pause and end - start > wide and last - following > wide:
                self.canvas.line(
                    self.theme.ground.page, (following,) * 2, (top, top + QPU_HEIGHT), width=0.7, z=2.5
                )

    def _axis_label(self, unit: str) -> None:
        canvas = self.canvas
        choices = (f"time since {self.content.since} ({unit}, emulated)", f"emulated time ({unit})", unit)
        room = canvas.width - canvas.left - MARGIN
        self.y += 4
        self._at(
            canvas.left,
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
        canvas = self.canvas
        self.y += 16
        x = canvas.left
        for meaning, said in entries.items():
            width = 14 + 5 + text_width(said, SMALL) + 16
            if x > canvas.left and x + width - 16 > canvas.width - MARGIN:
                x = canvas.left
                self.y += 15
            canvas.bars(meaning, canvas.second(x), canvas.second(x + 14), self.y - 4, 8)
            self._at(x + 19, said, self.theme.ground.text, size=SMALL, name="legend")
            x += width
        self.y += 6

    def _saw(self, meanings: Iterable[str]) -> None:
        self.seen |= set(meanings)

    def _at(
        self, x: float, said: str, colour: str, *, size: float, weight: str = "normal", name: str = ""
    ) -> None:
        self.canvas.text(
            self.canvas.second(x),
            self.y,
            said,
            colour,
            size=size,
            weight=weight,
            name=name,
            clear=name == "failures",
        )
