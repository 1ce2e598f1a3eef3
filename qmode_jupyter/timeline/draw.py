"""A trace as a picture: who waited for whom, what a workload was doing and why, and what it cost.

matplotlib is imported when the first timeline is drawn, and `pyplot` never: its state belongs to
the person at the keyboard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qmode_jupyter.style.spelling import did_you_mean

if TYPE_CHECKING:
    from qmode_jupyter.scheduler.trace import Trace
    from qmode_jupyter.timeline.canvas import Timeline

#: Width of a picture in inches: that of an output in JupyterLab, at 100 dots per inch.
WIDTH_IN: Final = 10.0
NARROWEST_IN: Final = 2.5
WIDEST_IN: Final = 40.0


def timeline(trace: Trace, *, theme: str | None = None, width_in: float = WIDTH_IN) -> Timeline:
    """Return the timeline of a trace as a `matplotlib.figure.Figure`.

    The band on top says what each workload was doing. Below it each job has a row, or, when they
    are more than 40, all have one density; below that is the QPU itself, other users included.

    Parameters
    ----------
    trace
        What to show: one session or batch, a job, or everything on a QPU; it may still be going on.
    theme
        "light" (the default) or "dark".
    width_in
        Width in inches, between 2.5 and 40; the height follows from what there is to show.

    Returns
    -------
    A figure of its own, made without `pyplot`. It shows itself as the last value of a cell; `savefig`
    writes it to a file. Its `repr` is one line without times, so that notebooks can be compared.

    Raises
    ------
    ValueError
        If there is no such theme, or the width is out of bounds.
    """
    from qmode_jupyter.style.palette import THEMES
    from qmode_jupyter.timeline.content import content_of
    from qmode_jupyter.timeline.figure import Layout

    name = theme or "light"
    if name not in THEMES:
        hint = did_you_mean(str(name), THEMES)
        raise ValueError(f"There is no theme {name!r}.{hint} The themes are {', '.join(THEMES)}.")
    if not NARROWEST_IN <= width_in <= WIDEST_IN:
        raise ValueError(
            f"A timeline is between {NARROWEST_IN:g} and {WIDEST_IN:g} inches wide, not {width_in:g}."
        )
    return Layout(content_of(trace), THEMES[name], width_in).figure()
