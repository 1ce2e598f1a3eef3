"""When a Sampler's data were taken, in the shape of IBM's execution spans (SEMANTICS P11).

Times are emulated: one span for each PUB, in their order, each as long as its executions take on the
QPU, behind the job's overhead. The names are those of `qiskit_ibm_runtime.execution_span`; `draw`
gives a figure of matplotlib's, not of plotly's.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MILLISECOND_S = 1e-3


@dataclass(frozen=True, slots=True, repr=False)
class ExecutionSpan:
    """A stretch of time, and which data were taken in it. Spans sort by their times.

    Attributes
    ----------
    start, stop
        Aware times, UTC.
    data_slices
        For each PUB's number the shape of its data, the shots last, and a slice of them flattened.
    """

    start: datetime
    stop: datetime
    data_slices: Mapping[int, tuple[tuple[int, ...], slice]]

    def __lt__(self, other: ExecutionSpan) -> bool:
        return (self.start, self.stop) < (other.start, other.stop)

    def __repr__(self) -> str:
        times = f"start='{self.start:%Y-%m-%d %H:%M:%S}', stop='{self.stop:%Y-%m-%d %H:%M:%S}'"
        return f"{type(self).__name__}(<{times}, size={self.size}>)"

    @property
    def duration(self) -> float:
        """Its length in seconds."""
        return (self.stop - self.start).total_seconds()

    @property
    def pub_idxs(self) -> list[int]:
        """The PUBs that it has data of."""
        return sorted(self.data_slices)

    @property
    def size(self) -> int:
        """How many shots were taken in it, those of all parameter sets together."""
        return sum(len(range(math.prod(shape))[part]) for shape, part in self.data_slices.values())

    def mask(self, pub_idx: int) -> NDArray[np.bool_]:
        """Return which of a PUB's data were taken in it: an array of their shape.

        Raises
        ------
        KeyError
            It has none of that PUB's.
        """
        if pub_idx not in self.data_slices:
            raise KeyError(f"Pub {pub_idx} is not included in the span: it has those of {self.pub_idxs}.")
        shape, part = self.data_slices[pub_idx]
        mask = np.zeros(math.prod(shape), dtype=np.bool_)
        mask[part] = True
        return mask.reshape(shape)

    def contains_pub(self, pub_idx: int | Iterable[int]) -> bool:
        """Return whether it has data of this PUB, or of any of these."""
        return not _numbers(pub_idx).isdisjoint(self.data_slices)

    def filter_by_pub(self, pub_idx: int | Iterable[int]) -> ExecutionSpan:
        """Return it with the data of this PUB only, or of these."""
        wanted = _numbers(pub_idx)
        kept = {number: data for number, data in self.data_slices.items() if number in wanted}
        return ExecutionSpan(self.start, self.stop, kept)


class ExecutionSpans(Sequence[ExecutionSpan]):
    """The spans of a job: a sequence, where a list of indices is taken too."""

    def __init__(self, spans: Iterable[ExecutionSpan] = ()) -> None:
        self._spans = list(spans)

    def __len__(self) -> int:
        return len(self._spans)

    @overload
    def __getitem__(self, idxs: SupportsIndex) -> ExecutionSpan: ...

    @overload
    def __getitem__(self, idxs: slice | Sequence[int]) -> ExecutionSpans: ...

    def __getitem__(self, idxs: Any) -> ExecutionSpan | ExecutionSpans:
        if isinstance(idxs, slice):
            return ExecutionSpans(self._spans[idxs])
        if isinstance(idxs, SupportsIndex):
            return self._spans[operator.index(idxs)]
        return ExecutionSpans(self._spans[index] for index in idxs)

    def __iter__(self) -> Iterator[ExecutionSpan]:
        return iter(self._spans)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExecutionSpans) and self._spans == other._spans

    __hash__ = None  # type: ignore[assignment]  # `sort` changes it

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._spans!r})"

    @property
    def pub_idxs(self) -> list[int]:
        """The PUBs that any of them has data of."""
        return sorted({number for span in self for number in span.pub_idxs})

    @property
    def start(self) -> datetime:
        """When the first begins, UTC; ValueError if there is none."""
        return min(span.start for span in self)

    @property
    def stop(self) -> datetime:
        """When the last ends, UTC; ValueError if there is none."""
        return max(span.stop for span in self)

    @property
    def duration(self) -> float:
        """The seconds from the start of the first to the end of the last."""
        return (self.stop - self.start).total_seconds()

    def filter_by_pub(self, pub_idx: int | Iterable[int]) -> ExecutionSpans:
        """Return them all, each with the data of this PUB only, or of these."""
        wanted = _numbers(pub_idx)
        return ExecutionSpans(span.filter_by_pub(wanted) for span in self)

    def sort(self, inplace: bool = True) -> ExecutionSpans:
        """Return them in the order of their times: these themselves, or a copy."""
        spans = self if inplace else ExecutionSpans(self)
        spans._spans.sort()
        return spans

    def to_json(self) -> dict[str, Any]:
        """Return them as IBM's `RuntimeEncoder` writes its own, which calls this; its decoder reads them."""
        spans = [
            {
                "start": {"__type__": "datetime", "__value__": span.start.isoformat()},
                "stop": {"__type__": "datetime", "__value__": span.stop.isoformat()},
                "data_slices": {
                    number: (shape, part.start, part.stop)
                    for number, (shape, part) in span.data_slices.items()
                },
            }
            for span in self
        ]
        typed = [{"__type__": "ExecutionSpan", "__value__": span} for span in spans]
        return {"__type__": "ExecutionSpans", "__value__": {"spans": typed}}

    def draw(self, name: str | None = None, normalize_y: bool = False, line_width: float = 4) -> Figure:
        """Draw how the shots were taken in the course of time.

        Parameters
        ----------
        name
            What to call them in a legend; None for no legend.
        normalize_y
            Show shares of all shots, in place of shots.
        line_width
            In points.

        Returns
        -------
        Figure
            A line for each span, at the shots that are complete when it ends.
        """
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
        from matplotlib.figure import Figure
        from matplotlib.ticker import PercentFormatter

        figure = Figure(figsize=(7.0, 3.0), layout="constrained")
        axes = figure.add_subplot()
        whole = max(1, sum(span.size for span in self)) if normalize_y else 1
        done = 0
        for number, span in enumerate(sorted(self)):
            done += span.size
            axes.plot(
                [span.start, span.stop],  # type: ignore[arg-type]  # matplotlib takes times
                [done / whole] * 2,
                color="C0",
                linewidth=line_width,
                solid_capstyle="butt",
                label=name if number == 0 else None,
            )
        locator: Any = AutoDateLocator(tz=UTC)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        concise: Any = ConciseDateFormatter(locator, tz=UTC)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(concise)
        axes.set_xlabel("emulated time, UTC")
        axes.set_ylabel("completed workload" if normalize_y else "shots completed")
        axes.set_ylim(bottom=0)
        if normalize_y:
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        if name is not None and len(self):
            axes.legend(loc="lower right")
        return figure


@dataclass(frozen=True, slots=True)
class Executing:
    """When a job's circuits were executed on the QPU: seconds since 1970, and the pause between two."""

    start_s: float
    end_s: float
    rep_delay_s: float


def execution_spans(
    pubs: Sequence[Any], shares_s: Iterable[tuple[int, float, int]], executing: Executing | None
) -> ExecutionSpans:
    """Return the spans of a Sampler's job.

    Parameters
    ----------
    pubs
        Its PUBs; one without sets of parameter values has no span.
    shares_s
        What each takes; see `TaskResult`. All shrink or stretch alike to the time that there was: for
        twirled circuits it was longer, under timing="measured" shorter.
    executing
        When it was executed; None for a job that was on no QPU.
    """
    if executing is None:
        return ExecutionSpans()
    seconds = [0.0] * len(pubs)
    for pub, executed_s, executions in shares_s:
        seconds[pub] += executed_s + executions * executing.rep_delay_s
    scale = (executing.end_s - executing.start_s) / (sum(seconds) or 1.0)
    # No later than what `job.metrics` says, which is in whole milliseconds.
    latest = math.floor(executing.end_s / _MILLISECOND_S) * _MILLISECOND_S
    at = executing.start_s
    spans = []
    for number, pub in enumerate(pubs):
        shape = (*pub.shape, pub.shots)
        size = math.prod(shape)
        if size:
            start, at = at, at + seconds[number] * scale
            spans.append(
                ExecutionSpan(_moment(start, latest), _moment(at, latest), {number: (shape, slice(0, size))})
            )
    return ExecutionSpans(spans)


def _moment(unix_s: float, latest_s: float) -> datetime:
    return datetime.fromtimestamp(0, tz=UTC) + timedelta(seconds=min(unix_s, latest_s))


def _numbers(pub_idx: int | Iterable[int]) -> set[int]:
    return {pub_idx} if isinstance(pub_idx, int) else set(pub_idx)
