"""Receipts of real jobs: read, and laid beside what the cost model says, part by part (SEMANTICS A26)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any, Final

from qmode_jupyter.cost.constants import PUBLIC, Spread
from qmode_jupyter.cost.model import cost, executing_s, preparation_s
from qmode_jupyter.cost.processors import Processor, UnknownProcessor, processor_like
from qmode_jupyter.cost.processors import processor as find_processor
from qmode_jupyter.cost.work import Mitigation, Run, Work, joined
from qmode_jupyter.errors import IBMInputValueError, OptionError
from qmode_jupyter.style.characters import printable, shown
from qmode_jupyter.style.sentences import sentence
from qmode_jupyter.style.tables import Table
from qmode_jupyter.style.words import NOTHING, count, duration

VERSION: Final = 1

# No job of the service's holds the QPU for longer than three hours (SEMANTICS J20), and no circuit of a
# receipt takes a second.
_LONGEST_JOB_S: Final = 10_800.0
_LONGEST_CIRCUIT_S: Final = 1.0
_MOST: Final = 10**9
# Charges are rounded up, and times given to the millisecond.
_ROUNDING_S: Final = 1.0

# The options that make the service run more than the circuits.
_MITIGATING: Final = ("resilience_level", "resilience", "twirling")

#: What a receipt is read from: a file of one or of a list, plain data, or a job.
Source = Any


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one real job was, and what it was charged.

    Attributes
    ----------
    job, machine
        Its id, and its backend's name.
    processor
        What the machine is, with its own default rep_delay.
    work
        What it asked of the QPU.
    untimed
        How many of its PUBs come without durations; their gates and readout count as nothing.
    charged_s
        What it was charged: whole seconds, rounded up.
    timed_s
        Seconds that its circuits were executed for, by the service's own measurement; None where it
        has none.
    created_s, running_s, finished_s
        Unix time.
    """

    job: str
    machine: str
    processor: Processor
    work: Work
    untimed: int
    charged_s: float
    timed_s: float | None
    created_s: float
    running_s: float
    finished_s: float

    @property
    def overhead_s(self) -> float | None:
        """What it was charged beside its circuits, up to a second too much."""
        return None if self.timed_s is None else self.charged_s - self.timed_s

    @property
    def preparation_s(self) -> float:
        """How long it was RUNNING beyond its charge: prepared, and waiting for the QPU."""
        return max(0.0, self.finished_s - self.running_s - self.charged_s)

    @property
    def queue_s(self) -> float:
        """How long it was queued."""
        return self.running_s - self.created_s


@dataclass(frozen=True, slots=True)
class Compared:
    """One part of a receipt beside the model; None for what is not known."""

    part: str
    real_s: float | None
    likely_s: float | None
    low_s: float | None
    high_s: float | None

    @property
    def difference(self) -> str:
        """How real and modelled differ, in words."""
        if self.real_s is None:
            return "not in the receipt"
        if self.likely_s is None or self.low_s is None or self.high_s is None:
            return "not modelled: it depends on who else is there"
        if self.real_s < self.low_s:
            return f"{duration(self.low_s - self.real_s)} less than the least"
        if self.real_s > self.high_s:
            return f"{duration(self.real_s - self.high_s)} more than the most"
        return "as modelled"


@dataclass(frozen=True, slots=True)
class ReceiptCheck:
    """A receipt beside the model; shows as text and as HTML."""

    receipt: Receipt
    processor: Processor
    origin: str
    compared: tuple[Compared, ...]

    @property
    def table(self) -> Table:
        """It as words."""
        receipt = self.receipt
        notes = [f"Modelled as {self.processor.title}, with the constants of {self.origin}."]
        if receipt.untimed:
            notes.append(
                f"{count(receipt.untimed, 'PUB')} without durations: gates and readout count as nothing."
            )
        return Table(
            title=f"Job {receipt.job} on {receipt.machine}: charged {duration(receipt.charged_s)}",
            columns=("part", ">real", ">modelled", ">range", "difference"),
            rows=tuple(
                (c.part, duration(c.real_s), duration(c.likely_s), _range(c), c.difference)
                for c in self.compared
            ),
            notes=tuple(notes),
        )

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, in seconds."""
        parts = [
            {name: getattr(c, name) for name in (*Compared.__slots__, "difference")} for c in self.compared
        ]
        return {
            "job": self.receipt.job,
            "backend": self.receipt.machine,
            "processor": self.processor.name,
            "constants": self.origin,
            "parts": parts,
        }


def check(
    receipt: Receipt,
    spread: Spread = PUBLIC,
    processor: Processor | str | None = None,
    queue_s: tuple[float, float, float] | None = None,
) -> ReceiptCheck:
    """Lay a receipt beside what the model says, part by part.

    Parameters
    ----------
    receipt
        As `read` returns it.
    spread
        The constants of the model.
    processor
        Another than the receipt's machine is, by name too.
    queue_s
        Low, likely and high seconds in the queue, as `calibrate` finds them; None: not modelled.

    Raises
    ------
    IBMInputValueError
        For a processor that is not known.
    """
    is_a = receipt.processor
    if processor is not None:
        try:
            is_a = find_processor(processor)
        except UnknownProcessor as error:
            raise IBMInputValueError(str(error)) from None
    work, ends = receipt.work, (spread.low, spread.likely, spread.high)
    on_qpu = cost(work, is_a, spread)
    charges = (on_qpu.low_s, on_qpu.on_qpu_s, on_qpu.high_s)
    executing = tuple(executing_s(work, is_a, constants) for constants in ends)
    beside = tuple(whole - part for whole, part in zip(charges, executing, strict=True))
    low, likely, high = (preparation_s(work, constants) for constants in ends)
    queue = queue_s or (None, None, None)
    return ReceiptCheck(
        receipt,
        is_a,
        spread.origin,
        (
            _compared("charge", receipt.charged_s, tuple(math.ceil(round(s, 9)) for s in charges)),
            _compared("circuits executed", receipt.timed_s, executing),
            # The charge is rounded up, and so is what is beside the circuits.
            _compared("overhead", receipt.overhead_s, (beside[0], beside[1], beside[2] + _ROUNDING_S)),
            _compared("preparation, and waiting for the QPU", receipt.preparation_s, (low, likely, high)),
            _compared("queue", receipt.queue_s, queue),
        ),
    )


def receipt_of(job: Any) -> dict[str, Any]:
    """Return a job's receipt as plain data, that of IBM's client or one of ours.

    Raises
    ------
    IBMInputValueError
        For what is no job, or the job of another program.
    """
    from qmode_jupyter.client.export_receipt import receipt_of as exported

    try:
        return exported(job)
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        raise IBMInputValueError(f"No receipt can be made of {shown(job)}: {sentence(error)}") from None


def read(source: Source) -> tuple[Receipt, ...]:
    """Return the receipts of a file, of plain data or of a job.

    Parameters
    ----------
    source
        The path of a JSON file with one receipt or a list of them; such a dictionary; a job; or a list
        of any of these.

    Raises
    ------
    IBMInputValueError
        In one line: no such file, no JSON, another version, a receipt that lacks something, of a job
        that failed or was cancelled or has no usage yet, or whose figures can't be.
    """
    if isinstance(source, Receipt):
        return (source,)
    if isinstance(source, str | PathLike):
        return _read_file(Path(source))
    if isinstance(source, Mapping):
        return (_receipt(source, "the receipt"),)
    if isinstance(source, Iterable):
        return tuple(receipt for one in source for receipt in read(one))
    return (_receipt(receipt_of(source), "the receipt"),)


def _read_file(path: Path) -> tuple[Receipt, ...]:
    name = f"'{printable(str(path))}'"
    try:
        place = path.expanduser()
        if place.exists() and not place.is_file():  # a pipe would be waited for
            raise ValueError("it is no file")
        content = place.read_bytes()
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise IBMInputValueError(f"The receipt {name} can't be read: {sentence(why)}") from None
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise IBMInputValueError(f"The receipt {name} is no JSON: {sentence(error)}") from None
    several = isinstance(data, list)
    found = data if several else [data]
    if not found:
        raise IBMInputValueError(f"The file {name} has no receipts: its list is empty.")
    return tuple(
        _receipt(one, f"receipt {number} in {name}" if several else f"the receipt {name}")
        for number, one in enumerate(found, 1)
    )


# ---- what a receipt must have


def _receipt(data: Any, name: str) -> Receipt:
    """Return checked data as a receipt; `name` is what an error calls it."""
    whole = _Part(data, name)
    version = whole.data.get("version")
    if version != VERSION or isinstance(version, bool):
        raise whole.wrong(
            f"is of version {shown(version)}, and this package reads {VERSION}: export it again"
            if "version" in whole.data
            else f"has no version: receipts are what receipt_of(job) returns, of version {VERSION}"
        )
    job = whole.text("job")
    whole = _Part(whole.data, f"{name}, of job {shown(job)[1:-1]},")
    status, metrics = whole.text("status"), whole.part("metrics")
    if status != "DONE":
        raise whole.wrong(
            f"is of a job that is {shown(status)}: only one that is DONE shows what a run costs"
        )
    usage, times = metrics.part("usage"), metrics.part("timestamps")
    if usage.data.get("status", "complete") == "pending":
        raise whole.wrong("has no usage yet: the service adds it some time after the end, so export it again")
    created_s, running_s, finished_s = map(times.moment, ("created", "running", "finished"))
    if not created_s <= running_s <= finished_s:
        raise times.wrong("go backwards: a job is created, then running, then finished")
    charged_s = usage.number("qpu_charge_time_seconds", above=0.0, most=_LONGEST_JOB_S)
    if charged_s > finished_s - running_s + _ROUNDING_S:
        raise whole.wrong(
            f"can't be: charged {charged_s:g} s, and RUNNING for {finished_s - running_s:g} s altogether"
        )
    executed_ns = metrics.data.get("circuits_execution_time_ns")
    timed_s = None
    if executed_ns is not None:
        timed_s = metrics.number("circuits_execution_time_ns", most=_LONGEST_JOB_S * 1e9) * 1e-9
        if timed_s > charged_s:
            raise whole.wrong(
                f"can't be: circuits were executed for {timed_s:g} s, and {charged_s:g} s charged"
            )
    work, untimed = _work(whole)
    machine = whole.text("backend")
    kind = whole.data.get("processor_type")
    kind = kind if isinstance(kind, Mapping) else {}
    delay_s = (
        whole.number("default_rep_delay", most=1.0)
        if whole.data.get("default_rep_delay") is not None
        else None
    )
    return Receipt(
        job=job,
        machine=machine,
        processor=processor_like(
            machine, str(kind.get("family", "")), str(kind.get("revision", "")), delay_s
        ),
        work=work,
        untimed=untimed,
        charged_s=charged_s,
        timed_s=timed_s,
        created_s=created_s,
        running_s=running_s,
        finished_s=finished_s,
    )


def _work(whole: _Part) -> tuple[Work, int]:
    """Return what a receipt's job asked for, and how many PUBs come without durations."""
    primitive = whole.text("primitive")
    if primitive not in ("sampler", "estimator"):
        raise whole.wrong(f"is of the program {shown(primitive)}: only samplers and estimators are priced")
    pubs = whole.data.get("pubs")
    if not isinstance(pubs, list) or not pubs:
        raise whole.wrong("has no pubs: a private job keeps them to itself, and any other has at least one")
    runs, instructions, untimed = [], 0, 0
    for number, data in enumerate(pubs, 1):
        pub = _Part(data, f"PUB {number} of {whole.name}")
        lasting = [
            pub.number(name, most=_LONGEST_CIRCUIT_S) if pub.data.get(name) is not None else None
            for name in ("gates_s", "readout_s")
        ]
        untimed += None in lasting
        instructions += int(pub.number("instructions", most=_MOST))
        gates_s, readout_s = (seconds or 0.0 for seconds in lasting)
        runs.append(Run(pub.whole("circuits", 0), pub.whole("shots", 1), gates_s, readout_s))
    options = whole.part("options")
    execution = options.data.get("execution")
    execution = _Part(
        execution if isinstance(execution, Mapping) else {}, f"options.execution of {whole.name}"
    )
    asks = execution.data.get("rep_delay") is not None
    work = Work(
        primitive="sampler" if primitive == "sampler" else "estimator",
        pubs=len(pubs),
        instructions=instructions,
        runs=joined(tuple(runs)),
        mitigation=_mitigation(primitive, options),
        rep_delay_s=execution.number("rep_delay", most=1.0) if asks else None,
        init_qubits=execution.data.get("init_qubits") is not False,
    )
    return work, untimed


def _mitigation(primitive: str, options: _Part) -> Mitigation:
    from qmode_jupyter.client.options import EstimatorOptions, SamplerOptions, mitigation_of, options_from

    kind = EstimatorOptions if primitive == "estimator" else SamplerOptions
    asked = {name: options.data[name] for name in _MITIGATING if options.data.get(name) is not None}
    try:
        return mitigation_of(options_from(kind, asked))
    except OptionError as error:
        raise options.wrong(f"can't be read: {sentence(error)}".rstrip(".")) from None


@dataclass(frozen=True, slots=True)
class _Part:
    """An object of a receipt, and what an error calls it."""

    data: Any
    name: str

    def __post_init__(self) -> None:
        if not isinstance(self.data, Mapping):
            raise self.wrong(f"is no object with names, but {shown(self.data)}")

    def wrong(self, how: str) -> IBMInputValueError:
        """Return the error that says what is wrong here."""
        return IBMInputValueError(f"{self.name[:1].upper()}{self.name[1:]} {how}.")

    def __getitem__(self, field: str) -> Any:
        value = self.data.get(field)
        if value is None:
            raise self.wrong(f"has no {field}")
        return value

    def part(self, field: str) -> _Part:
        """Return an object in it."""
        return _Part(self[field], f"the {field} of {self.name}")

    def text(self, field: str) -> str:
        """Return a text in it that is not empty."""
        value = self[field]
        if not isinstance(value, str) or not value:
            raise self.wrong(f"needs a text as its {field}, not {shown(value)}")
        return value

    def number(self, field: str, *, above: float | None = None, most: float) -> float:
        """Return a number in it, from 0 or above something."""
        value = self[field]
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or not 0 <= value <= most or (above is not None and value <= above):
            least = "from 0" if above is None else f"above {above:g}"
            raise self.wrong(f"needs a number {least} to {most:g} as its {field}, not {shown(value)}")
        return float(value)

    def whole(self, field: str, least: int) -> int:
        """Return a whole number in it."""
        value = self[field]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MOST:
            raise self.wrong(
                f"needs a whole number from {least} to {_MOST:g} as its {field}, not {shown(value)}"
            )
        return value

    def moment(self, field: str) -> float:
        """Return a moment in it, ISO 8601, as Unix seconds; without a zone it is UTC."""
        value = self.text(field)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self.wrong(f"needs a time in ISO 8601 as its {field}, not {shown(value)}") from None
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _compared(part: str, real_s: float | None, modelled_s: tuple[float, ...] | tuple[None, ...]) -> Compared:
    low_s, likely_s, high_s = modelled_s
    return Compared(part, real_s, likely_s, low_s, high_s)


def _range(c: Compared) -> str:
    return NOTHING if c.low_s is None else f"{duration(c.low_s)} to {duration(c.high_s)}"
