"""Execution spans: when a Sampler's data were taken, by the emulated clock, as IBM's classes say it."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from matplotlib.dates import num2date
from matplotlib.figure import Figure
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qmode_jupyter import RuntimeService, SamplerV2, Session
from qmode_jupyter.simulation.execution_spans import (
    Executing,
    ExecutionSpan,
    ExecutionSpans,
    execution_spans,
)
from tests.emulated import bell

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(seconds):
    return NOON + timedelta(seconds=seconds)


DATA = [
    (at(4), at(6.5), {2: ((2, 3, 10), slice(0, 60))}),
    (at(0), at(2), {0: ((100,), slice(0, 100)), 1: ((4, 5), slice(3, 15))}),
    (at(2), at(4), {1: ((4, 5), slice(15, 20))}),
]


def ours():
    return ExecutionSpans(ExecutionSpan(*data) for data in DATA)


def turn():
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("a"), 0)
    circuit.measure_all()
    return circuit


QUESTIONS = {
    "length": len,
    "text": lambda spans: repr(spans).replace("SliceSpan", "ExecutionSpan"),
    "start": lambda spans: spans.start,
    "stop": lambda spans: spans.stop,
    "duration": lambda spans: spans.duration,
    "durations": lambda spans: [span.duration for span in spans],
    "pubs": lambda spans: spans.pub_idxs,
    "sizes": lambda spans: [span.size for span in spans],
    "last": lambda spans: spans[-1].start,
    "slice": lambda spans: [span.start for span in spans[1:]],
    "list": lambda spans: [span.start for span in spans[[2, 0]]],
    "one pub": lambda spans: [span.size for span in spans.filter_by_pub(1)],
    "two pubs": lambda spans: [span.pub_idxs for span in spans.filter_by_pub([0, 2])],
    "no pub": lambda spans: spans.filter_by_pub(7).pub_idxs,
    "contains": lambda spans: [span.contains_pub(1) for span in spans],
    "contains any": lambda spans: [span.contains_pub([0, 2]) for span in spans],
    "mask": lambda spans: spans[1].mask(1).tolist(),
    "whole mask": lambda spans: spans[0].mask(2).shape,
    "sorted": lambda spans: [span.start for span in spans.sort()],
    "sorted copy": lambda spans: (spans.sort(inplace=False) == spans, spans[0].start),
    "equal": lambda spans: spans[:2] == spans[[0, 1]] != spans[:1],
}


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_they_answer_as_ibm_s(ask):
    theirs = pytest.importorskip("qiskit_ibm_runtime.execution_span")
    assert ask(ours()) == ask(theirs.ExecutionSpans(theirs.SliceSpan(*data) for data in DATA))


def test_a_pub_that_a_span_has_not_is_named():
    with pytest.raises(KeyError, match=r"Pub 5 is not included in the span: it has those of \[0, 1\]"):
        ours()[1].mask(5)


def test_they_cross_to_another_process():
    assert pickle.loads(pickle.dumps(ours())) == ours()


def test_a_result_with_them_can_be_saved_as_ibm_s_documents_say(aer):
    client = pytest.importorskip("qiskit_ibm_runtime")
    theirs = pytest.importorskip("qiskit_ibm_runtime.execution_span")
    result = SamplerV2(aer).run([bell()], shots=10).result()
    read = json.loads(json.dumps(result, cls=client.RuntimeEncoder), cls=client.RuntimeDecoder)
    assert read[0].data.meas.get_counts() == result[0].data.meas.get_counts()
    spans = read.metadata["execution"]["execution_spans"]
    (span,) = result.metadata["execution"]["execution_spans"]
    assert spans == theirs.ExecutionSpans([theirs.SliceSpan(span.start, span.stop, span.data_slices)])


@pytest.mark.parametrize("normalize_y", [False, True])
def test_they_are_drawn_as_shots_complete(normalize_y):
    figure = ours().draw("mine", normalize_y=normalize_y, line_width=3)
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    whole = 177 if normalize_y else 1
    assert [line.get_ydata()[0] * whole for line in axes.lines] == pytest.approx([112, 117, 177])
    assert [num2date(x) for x in axes.lines[2].get_xdata(orig=False)] == [at(4), at(6.5)]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["mine"]
    assert ExecutionSpans().draw().axes[0].lines[:] == []


def test_they_lie_in_the_job_s_time_on_the_qpu(emulated: RuntimeService, aer):
    pubs = [(bell(), None, 1000), (turn(), np.zeros((2, 3, 1)), 500), (turn(), np.zeros((0, 1)), 500)]
    with Session(aer) as session:
        before = SamplerV2(session).run([bell()])
        with pytest.warns(DeprecationWarning, match="different 'shots'"):
            job = SamplerV2(session).run(pubs)
        result = job.result()
    assert result.metadata["version"] == 2
    spans = result.metadata["execution"]["execution_spans"]
    assert [span.pub_idxs for span in spans] == [[0], [1]]
    assert [span.size for span in spans] == [1000, 3000]
    for number in (0, 1):
        bits = result[number].data.meas
        assert spans[number].mask(number).shape == (*bits.shape, bits.num_shots)
        assert spans[number].mask(number).all()
    on_qpu = datetime.fromisoformat(job.details()["activated_at"])
    finished = datetime.fromisoformat(job.metrics()["timestamps"]["finished"])
    assert on_qpu <= spans.start < spans[0].stop == spans[1].start < spans.stop <= finished
    # 250 us of pause, 2.8 us and 1.58 us of reset around it, and 1.716 us of circuit.
    assert spans[0].duration == pytest.approx(1000 * 256.1e-6, rel=1e-3)
    assert spans[1].duration == pytest.approx(3 * spans[0].duration, rel=0.01)
    # The overhead: 1.8 s, and 2 ms for each of 1 + 6 circuits.
    assert (spans.start - on_qpu).total_seconds() == pytest.approx(1.814, abs=0.002)
    again = job.result().metadata["execution"]["execution_spans"]
    assert again == spans
    assert before.result().metadata["execution"]["execution_spans"].stop < spans.start


def test_a_job_that_held_the_qpu_for_less_than_modelled_has_shorter_ones():
    pubs = [SamplerPub.coerce(bell(), 10), SamplerPub.coerce(bell(), 30)]
    # With 0.05 s between two of its executions a PUB takes 1 s, the other 3 s, its two parts together.
    shares_s = ((0, 0.9, 2), (1, 1.0, 20), (1, 0.5, 10))
    spans = execution_spans(pubs, shares_s, Executing(1000.2, 1001, 0.05))
    assert [span.start.timestamp() for span in spans] == pytest.approx([1000.2, 1000.4])
    assert spans.stop.timestamp() == pytest.approx(1001)
    without_pauses = execution_spans(pubs, shares_s, Executing(1000.2, 1001, 0.0))
    assert without_pauses[1].start.timestamp() == pytest.approx(1000.5)
    assert execution_spans(pubs, shares_s, None) == ExecutionSpans()


def test_a_dry_run_has_them_too(aer):
    job = SamplerV2(aer).run([bell()], dry_run=True)
    (span,) = job.result().metadata["execution"]["execution_spans"]
    assert (span.size, span.pub_idxs) == (4096, [0])


def test_a_job_without_data_has_none(aer):
    job = SamplerV2(aer).run([(turn(), np.zeros((0, 1)))])
    spans = job.result().metadata["execution"]["execution_spans"]
    assert (len(spans), spans.pub_idxs, spans.filter_by_pub(0)) == (0, [], ExecutionSpans())
