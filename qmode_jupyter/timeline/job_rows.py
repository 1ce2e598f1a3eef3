"""A row per job: its phases as bars, and beside them how long it held the QPU or what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from qmode_jupyter.style import words
from qmode_jupyter.timeline.canvas import first_that_fits, fitted, text_width
from qmode_jupyter.timeline.intervals import OUTCOMES, PHASES, Phases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qmode_jupyter.scheduler.records import JobRecord
    from qmode_jupyter.timeline.canvas import Canvas

#: Distance of rows when there are few, and when there are as many as can be.
LOOSE: Final = 17.0
TIGHT: Final = 10.5
#: Rows up to this number are loose; from there on they close up.
LOOSE_ROWS: Final = 14

#: Rows closer than this have a name only every second time.
ALL_NAMED: Final = 11.5

BAR_SHARE: Final = 0.66
BESIDE: Final = 4.0
SMALL: Final = 8.0
#: A job that failed or was cancelled at once is seen all the same.
LEAST_BAR: Final = 2.5

#: A reason cut to less room than this says nothing.
READABLE: Final = 60.0

#: The meanings of bars in the order in which a legend names them.
MEANINGS: Final = (*PHASES, "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class RowLabel:
    """What is said beside a row's bars, from the fullest to the shortest, and the colour of it."""

    start: float
    end: float
    texts: tuple[str, ...]
    meaning: str

    def width(self, most: float) -> float:
        """Return the points that it asks for: its fullest form, but never more than `most`."""
        return min(text_width(self.texts[0], SMALL), most)


def pitch(rows: int) -> float:
    """Return the distance between rows in points."""
    if rows <= LOOSE_ROWS:
        return LOOSE
    return max(TIGHT, LOOSE * (LOOSE_ROWS / rows) ** 0.5)


def row_labels(jobs: Sequence[JobRecord], phases: Phases) -> list[RowLabel]:
    """Return the label of each job's row."""
    ends = np.nanmax(phases.end, axis=0, initial=-np.inf, where=~np.isnan(phases.end))
    held = phases.end[3] - phases.start[3]
    return [
        _row_label(job, phases.outcome[i], float(phases.start[0, i]), float(ends[i]), float(held[i]))
        for i, job in enumerate(jobs)
    ]


def _row_label(job: JobRecord, outcome: int, start: float, end: float, held_s: float) -> RowLabel:
    held = "" if np.isnan(held_s) else words.duration(held_s)
    if outcome < 0:
        word = words.job_word(job.state)
        return RowLabel(start, end, (word, words.SHORT_JOB_WORDS[job.state]), job.state)
    name = OUTCOMES[outcome]
    if name == "done":
        return RowLabel(start, end, (held,), "")
    before = f"{held}  " if held else ""
    if name == "cancelled":
        return RowLabel(start, end, (f"{before}cancelled", "cancelled"), name)
    why = words.failure(job.reason_code, job.reason)
    code = "" if job.reason_code is None else f" {job.reason_code}"
    full = f"{before}failed: {why}" if why else f"{before}failed"
    return RowLabel(start, end, (full, f"failed{code}", "failed"), name)


def draw_rows(
    canvas: Canvas, jobs: Sequence[JobRecord], phases: Phases, top: float, distance: float
) -> float:
    """Draw a row per job from `top` down, `distance` points apart, and return the y of their foot."""
    height = distance * BAR_SHARE
    tops = top + distance * np.arange(len(jobs)) + (distance - height) / 2
    for meaning in MEANINGS:
        spans = phases.spans(meaning)
        least = LEAST_BAR if meaning in ("failed", "cancelled") else 0.0
        canvas.bars(meaning, spans.start, spans.end, tops[spans.rows], height, least=least)
    named_every = 1 if distance >= ALL_NAMED else 2
    for row, label in enumerate(row_labels(jobs, phases)):
        middle = top + distance * (row + 0.5)
        if row % named_every == 0:
            name = f"job {row + 1}" if len(jobs) > 1 else "job"
            canvas.text(
                canvas.start,
                middle,
                name,
                canvas.theme.ground.text,
                dx=-6,
                ha="right",
                size=SMALL,
                name="row",
            )
        _draw_label(canvas, label, middle)
    return top + distance * len(jobs)


def _draw_label(canvas: Canvas, label: RowLabel, middle: float) -> None:
    colour = canvas.theme[label.meaning].text if label.meaning else canvas.theme.ground.muted
    end = max(canvas.x(label.end), canvas.x(label.start) + LEAST_BAR)
    left = canvas.x(label.start) - canvas.left - 2 * BESIDE
    said, on_the_right = _beside(label, left, canvas.width - end - 2 * BESIDE)
    if on_the_right:
        canvas.text(canvas.second(end), middle, said, colour, dx=BESIDE, size=SMALL, name="label")
    else:
        canvas.text(label.start, middle, said, colour, dx=-BESIDE, ha="right", size=SMALL, name="label")


def _beside(label: RowLabel, left: float, right: float) -> tuple[str, bool]:
    """Return what to say beside bars with so much room on either side, and whether on the right one."""
    for on_the_right, room in ((True, right), (False, left)):
        if said := first_that_fits(label.texts[:1], room, SMALL):
            return said, on_the_right
    if label.meaning == "failed" and max(left, right) > READABLE:
        return fitted(label.texts[0], max(left, right), SMALL), right >= left
    return first_that_fits(label.texts[1:], right, SMALL), True
