"""What backends of IBM's service answer beside Qiskit's `BackendV2`, on every backend handed out here.

A backend stays what it is: `answering` makes a class of its own class that also has the rest, so that
transpilers, Aer and ``isinstance`` see no difference. Figures come from its configuration, then from
its target; what neither has is in `_DEFAULTS`, None where IBM's client says None.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from qmode_jupyter.cost.processors import HERON_R2
from qmode_jupyter.errors import IBMBackendError
from qmode_jupyter.style.characters import printable
from qmode_jupyter.style.spelling import did_you_mean

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.providers import BackendV2
    from qiskit.transpiler import Target

#: Seconds between two executions that a QPU takes, from and to (SEMANTICS P8).
REP_DELAY_RANGE_S: Final = (0.0, 500e-6)

# When the figures of a backend without a snapshot were taken: they are generated, and never change.
_GENERATED: Final = datetime(2025, 1, 1, tzinfo=UTC)
# Units of IBM's figures in seconds, hertz and probabilities.
_UNITS: Final = {"us": 1e-6, "ns": 1e-9, "GHz": 1e9, "": 1.0}


class BackendService(Protocol):
    """The service that handed a backend out."""

    @property
    def instance(self) -> str:
        """The instance that jobs are charged to."""

    def pending_jobs(self, qpu: str) -> int:
        """Return how many jobs wait for the QPU or are on it."""


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """How a QPU is now, with the names of IBM's own class."""

    backend_name: str
    backend_version: str
    operational: bool
    #: Jobs of everybody's that have not ended.
    pending_jobs: int
    status_msg: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as a dictionary."""
        return asdict(self)


class IBMAnswers:
    """The answers; the class that they are added to is `_base`."""

    _base: ClassVar[Any]
    _service: weakref.ref[BackendService]
    name: str
    num_qubits: int
    backend_version: str
    target: Target
    dt: float | None

    # ---- whose it is

    @property
    def service(self) -> BackendService | None:
        """The service that handed it out; None for a copy."""
        service = self.__dict__.get("_service")
        return None if service is None else service()

    @property
    def instance(self) -> str | None:
        """The instance that its jobs are charged to."""
        service = self.service
        return None if service is None else service.instance

    def status(self) -> BackendStatus:
        """Return whether it is up (it is), and how many jobs of everybody's are pending on it."""
        service = self.service
        pending = 0 if service is None else service.pending_jobs(self.name)
        return BackendStatus(self.name, self.backend_version or "", True, pending, "active")

    # ---- its figures

    def configuration(self) -> Any:
        """Return its configuration, as IBM's client has it."""
        if hasattr(self._base, "configuration"):
            return self._base.configuration(self)
        known = self.__dict__.get("_made_configuration")
        if known is None:
            known = self.__dict__["_made_configuration"] = _configuration(self)
        return known

    def properties(self, refresh: bool = False, datetime: datetime | None = None) -> Any:
        """Return its calibration figures, None of a simulator; there is one snapshot, whatever the date.

        Raises
        ------
        TypeError
            For a `refresh` that is no bool, or a `datetime` that is none.
        """
        if not isinstance(refresh, bool):
            raise TypeError(
                f"The 'refresh' argument needs to be a boolean. {refresh!r} is of type {type(refresh)}."
            )
        if datetime is not None and not hasattr(datetime, "astimezone"):
            raise TypeError(f"{datetime!r} is not of type 'datetime'.")
        if hasattr(self._base, "properties"):
            return self._base.properties(self)
        known = self.__dict__.get("_made_properties")
        if known is None:
            known = self.__dict__["_made_properties"] = _properties(self)
        return known

    def defaults(self, refresh: bool = False) -> None:
        """Return None: pulse defaults are gone from IBM's service, too."""
        del refresh

    @property
    def dtm(self) -> float | None:
        """Time step of measured signals, in seconds."""
        found: float | None = getattr(self.configuration(), "dtm", None) or self.dt
        return found

    @property
    def meas_map(self) -> list[list[int]]:
        """Which qubits are measured together."""
        found: list[list[int]] | None = getattr(self.configuration(), "meas_map", None)
        return found or [list(range(self.num_qubits))]

    @property
    def physical_qubits(self) -> int:
        """How many qubits it has, couplers included where they are known."""
        known = getattr(self._base, "physical_qubits", None)
        return (known.fget(self) if known is not None else None) or self.num_qubits

    @property
    def calibration_id(self) -> None:
        """Which calibration its figures are of: there is one snapshot."""
        return None

    @property
    def is_mock(self) -> bool:
        """Whether IBM's service would call it a mock device."""
        return False

    def target_history(self, datetime: datetime | None = None) -> Target:
        """Return the target, which is the same at every date."""
        self.properties(datetime=datetime)
        return self.target

    def check_faulty(self, circuit: QuantumCircuit) -> None:
        """Raise ValueError if a circuit uses what its snapshot calls faulty."""
        if hasattr(self._base, "check_faulty"):
            self._base.check_faulty(self, circuit)

    def refresh(self, *service: object, **words: object) -> None:
        """Do nothing: a backend here is one fixed snapshot.

        Raises
        ------
        IBMBackendError
            When given a service to fetch newer figures from, as IBM's fake backends are.
        """
        if service or words:
            raise IBMBackendError(
                f"{self.name} is one fixed snapshot, which repeats a rehearsal exactly: nothing was fetched. "
                f"For newer figures refresh {self._base.__name__}() of qiskit_ibm_runtime and run on that."
            )

    # ---- as an object

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # Python asks, or a base that has not been set up yet
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        configuration = self.configuration()
        try:
            return getattr(configuration, name)
        except AttributeError:
            pass
        if name in _DEFAULTS:
            return _DEFAULTS[name](self)
        near = did_you_mean(name, sorted(n for n in {*dir(self), *_DEFAULTS} if not n.startswith("_")))
        raise AttributeError(
            f"The backend {self.name} has no attribute {name!r}."
            + (near or " See its target and its configuration().")
        )

    def __repr__(self) -> str:
        return f"<qmode backend {printable(self.name)}: {self.num_qubits} qubits, {_kind(self)}>"

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        state = {word: value for word, value in self.__dict__.items() if word != "_service"}
        return _empty, (self._base,), state


@cache
def answering(base: type) -> type:
    """Return the class of backends of class `base` that answer as IBM's do."""
    return type(base.__name__, (IBMAnswers, base), {"_base": base, "__module__": base.__module__})


def hand_out(backend: BackendV2, service: BackendService) -> None:
    """Let a backend of `answering` know which service hands it out."""
    if isinstance(backend, IBMAnswers):
        backend._service = weakref.ref(service)


def was_handed_out(backend: BackendV2) -> bool:
    """Whether a service handed out this backend; a copy of it nobody did."""
    return isinstance(backend, IBMAnswers) and "_service" in backend.__dict__


def _empty(base: type) -> Any:
    return object.__new__(answering(base))


def _kind(backend: Any) -> str:
    if backend.simulator:
        return "a simulator"
    processor = backend.processor_type or {}
    words = [str(processor[word]) for word in ("family", "revision") if processor.get(word)]
    return printable(" r".join(words)) or "no processor known"


def _timing_constraints(backend: Any) -> dict[str, int]:
    target = backend.target
    words = ("acquire_alignment", "granularity", "min_length", "pulse_alignment")
    return {word: getattr(target, word) for word in words}


def _processor(backend: Any) -> dict[str, str]:
    family = "Simulator" if backend.simulator else "Generated"
    return {"family": family, "revision": str(backend.backend_version)}


#: What a configuration may leave out, by name.
_DEFAULTS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "clops": lambda backend: None,
    "clops_h": lambda backend: None,
    "clops_v": lambda backend: None,
    "credits_required": lambda backend: False,
    "default_rep_delay": lambda backend: HERON_R2.rep_delay_s,
    "max_experiments": lambda backend: HERON_R2.max_experiments,
    "max_shots": lambda backend: HERON_R2.max_shots,
    "processor_type": _processor,
    "quantum_volume": lambda backend: None,
    "rep_delay_range": lambda backend: list(REP_DELAY_RANGE_S),
    "sample_name": lambda backend: None,
    "supported_features": lambda backend: ["qasm3"] if "if_else" in backend.operation_names else [],
    "supported_instructions": lambda backend: list(backend.operation_names),
    "timing_constraints": _timing_constraints,
}


def _configuration(backend: Any) -> Any:
    """Return the configuration of a backend that has only a target; lengths as IBM's, in µs and ns."""
    from qiskit.circuit import Gate
    from qiskit_aer.backends.backendconfiguration import AerBackendConfiguration

    names = list(backend.operation_names)
    made = AerBackendConfiguration(
        backend_name=backend.name,
        backend_version=backend.backend_version,
        n_qubits=backend.num_qubits,
        basis_gates=[name for name in names if isinstance(backend.target.operation_from_name(name), Gate)],
        gates=[],
        max_shots=HERON_R2.max_shots,
        coupling_map=None if backend.coupling_map is None else [list(e) for e in backend.coupling_map],
        supported_instructions=names,
        dynamic_reprate_enabled=True,
        rep_delay_range=[1e6 * bound for bound in REP_DELAY_RANGE_S],
        default_rep_delay=1e6 * HERON_R2.rep_delay_s,
        max_experiments=HERON_R2.max_experiments,
        credits_required=False,
        online_date=backend.online_date,
        description=backend.description,
        dt=1e9 * backend.dt,
        dtm=1e9 * backend.dt,
        processor_type={"family": "Generated", "revision": backend.backend_version},
    )
    made.simulator, made.local = False, False
    made.conditional = "if_else" in names
    return made


def _properties(backend: Any) -> Any:
    """Return what a target says of qubits and gates, in the units that IBM's service uses."""
    from qiskit_aer.backends.backendproperties import AerBackendProperties

    def figures(**named: tuple[str, float | None]) -> list[dict[str, Any]]:
        return [
            {"date": _GENERATED, "name": name, "unit": unit, "value": value / _UNITS[unit]}
            for name, (unit, value) in named.items()
            if value is not None
        ]

    target, qubits, gates = backend.target, [], []
    for index in range(backend.num_qubits):
        qubit, measure = backend.qubit_properties(index), target["measure"][(index,)]
        qubits.append(
            figures(
                T1=("us", qubit.t1),
                T2=("us", qubit.t2),
                frequency=("GHz", qubit.frequency),
                readout_error=("", measure.error),
                readout_length=("ns", measure.duration),
            )
        )
    for gate, places in target.items():
        for on, known in places.items():
            if on is not None and known is not None and gate != "measure":
                values = figures(gate_error=("", known.error), gate_length=("ns", known.duration))
                name = gate + "_".join(map(str, on))
                gates.append({"gate": gate, "qubits": list(on), "parameters": values, "name": name})
    return AerBackendProperties.from_dict(
        {
            "backend_name": backend.name,
            "backend_version": backend.backend_version,
            "last_update_date": _GENERATED,
            "qubits": qubits,
            "gates": gates,
            "general": [],
        }
    )
