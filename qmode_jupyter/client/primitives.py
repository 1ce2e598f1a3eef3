"""SamplerV2 and EstimatorV2, as IBM's client has them, on Qiskit's base classes (SEMANTICS section 4)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from qiskit.primitives import BaseEstimatorV2, BaseSamplerV2

from qmode_jupyter.client.context import JobContainer
from qmode_jupyter.client.isa import check_isa, check_rzz
from qmode_jupyter.client.job import JobService, RuntimeJob
from qmode_jupyter.client.mode import JobMode, resolve
from qmode_jupyter.client.options import (
    COUNTED,
    EstimatorOptions,
    OptionsT,
    ResilienceOptions,
    SamplerOptions,
    mitigation_of,
    options_from,
)
from qmode_jupyter.client.process import with_blocks
from qmode_jupyter.client.pubs import estimator_pubs, refuse_v1_call, sampler_pubs
from qmode_jupyter.cost.model import MEASURE
from qmode_jupyter.cost.work import Run, Work
from qmode_jupyter.errors import (
    IBMInputValueError,
    OptionError,
    QmodeWarning,
    UnsupportedOptionWarning,
    UsageWarning,
    V1StyleError,
)
from qmode_jupyter.runtime.backend_answers import REP_DELAY_RANGE_S
from qmode_jupyter.runtime.jobs import JobRequest
from qmode_jupyter.simulation.tasks import Program, SimulationOptions
from qmode_jupyter.style.warn import warn
from qmode_jupyter.style.words import duration

if TYPE_CHECKING:
    from qiskit.primitives.containers import EstimatorPubLike, SamplerPubLike
    from qiskit.providers import BackendV2


_log = logging.getLogger(__name__)


class Primitive(Generic[OptionsT]):
    """What both primitives share: where their jobs run, and with which options."""

    _program: ClassVar[Program]
    _options_class: type[OptionsT]

    def __init__(self, mode: object, options: object, older: dict[str, Any]) -> None:
        _refuse_older(type(self).__name__, older)
        self._container = resolve(mode)
        self._service, self._backend = self._container.service, self._container.backend_object
        self._options = options_from(self._options_class, options)
        self._said: set[str] = set()

    @property
    def service(self) -> JobService:
        """The service that its jobs go to."""
        return self._service

    @property
    def mode(self) -> JobContainer | None:
        """Its session or batch; None in job mode."""
        return None if isinstance(self._container, JobMode) else self._container

    @property
    def session(self) -> JobContainer | None:
        """The older name of `mode`."""
        return self.mode

    @property
    def options(self) -> OptionsT:
        """Its options: attributes that can be set."""
        return self._options

    def backend(self) -> BackendV2:
        """Return the backend that its jobs run on."""
        return self._backend

    def __repr__(self) -> str:
        made_with = f"backend={self._backend.name!r}" if self.mode is None else f"mode={self.mode!r}"
        return f"<{type(self).__name__}({made_with})>"

    def _checked(self, pubs: Sequence[Any], simulation: SimulationOptions) -> JobRequest:
        """Check what needs the backend, and return what is asked of the service (SEMANTICS P4)."""
        options = self._options
        circuits = [pub.circuit for pub in pubs]
        if options.dynamical_decoupling.enable and any(circuit.has_control_flow_op() for circuit in circuits):
            raise IBMInputValueError("Dynamical decoupling currently cannot be used with dynamic circuits.")
        check_rzz(pubs, self._backend)
        check_isa(circuits, self._backend)
        return JobRequest(
            self._program,
            tuple(pubs),
            self._backend,
            simulation,
            max_execution_s=self._max_execution_s(),
            tags=tuple(options.environment.job_tags or ()),
            private=bool(options.environment.private),
            sent=options.set_values(),
        )

    def _submit(self, request: JobRequest) -> RuntimeJob:
        """Submit a checked request and return its job."""
        self._warn_without_effect()
        self._warn_of_usage()
        if self.mode is None and with_blocks.current() is not None:  # SEMANTICS P2
            _log.warning(
                "Even though a session/batch context manager is open this job will run in job mode "
                "because the %s primitive was initialized outside the context manager. Move the %s "
                "initialization inside the context manager to run in a session/batch.",
                self._program,
                self._program,
            )
        try:
            return RuntimeJob(self._service, self._container.submit(request))
        except KeyboardInterrupt:  # nobody has the job's handle: it is not to run, and be paid, unseen
            self._service.runtime.withdraw(request)
            raise

    def _simulation(self, *, dry_run: bool, seed: object = None, exact: bool = False) -> SimulationOptions:
        """Return what of the options reaches the simulator."""
        simulator, execution = self._options.simulator, self._options.execution
        seed = simulator.seed_simulator if isinstance(simulator.seed_simulator, int) else seed
        rep_delay = execution.rep_delay if isinstance(execution.rep_delay, float) else None
        if rep_delay is not None:
            self._check_rep_delay(rep_delay)
        return SimulationOptions(
            seed_simulator=seed if isinstance(seed, int) else None,
            exact=exact,
            dry_run=dry_run or bool(simulator.dry_run),
            noise_model=_noise_model(simulator.noise_model or None),
            mitigation=mitigation_of(self._options),
            rep_delay_s=rep_delay,
            init_qubits=execution.init_qubits is not False,
        )

    def _check_rep_delay(self, rep_delay: float) -> None:
        emulated = self._service.runtime.settings.processor
        own = (
            getattr(self._backend, "rep_delay_range", None)
            if emulated is None
            else emulated.rep_delay_range_s
        )
        low, high = own or REP_DELAY_RANGE_S
        if not low <= rep_delay <= high:
            raise OptionError(
                f"The option execution.rep_delay is in seconds, from {low:g} to {high:g}, not {rep_delay:g}."
            )

    def _max_execution_s(self) -> float | None:
        limit: int | None = self._options.max_execution_time or None
        longest = self._container.max_time if limit else None
        if limit and longest and limit > longest and "max_execution_time" not in self._said:  # SEMANTICS J21
            self._said.add("max_execution_time")
            warn(
                f"max_execution_time={limit} s is more than the {longest:g} s that its session or batch has.",
                QmodeWarning,
            )
        return float(limit) if limit else None

    def _warn_without_effect(self) -> None:
        by_reason: dict[str, list[str]] = {}
        for name, why in self._options.without_effect():
            if name not in self._said:
                self._said.add(name)
                by_reason.setdefault(why, []).append(name)
        said = []
        if counted := by_reason.pop(COUNTED, None):
            said.append(f"{COUNTED[:1].upper()}{COUNTED[1:]}: {', '.join(counted)}.")
        if by_reason:
            names = ", ".join(name for some in by_reason.values() for name in some)
            said.append(f"No effect here, though on hardware: {names} ({'; '.join(by_reason)}).")
        if said:
            warn(" ".join(said), UnsupportedOptionWarning)

    def _of_several(self, unit: str, values: set[Any]) -> None:
        """Warn of PUBs that have not all the same shots, or precision (SEMANTICS P6)."""
        if len(values) > 1:
            warn(
                f"Specifying different '{unit}' across pubs is deprecated: IBM's newer primitives refuse it. "
                "Submit one job for each, in a batch.",
                DeprecationWarning,
            )

    def _warn_of_usage(self) -> None:
        runtime = self._service.runtime
        plan = runtime.settings.plan
        if plan.allowance_s is None and plan.cost_limit_s is None:
            return
        if runtime.usage()["usage_limit_reached"]:  # SEMANTICS P7, Q2
            warn(
                "This instance has met its usage limit. Workloads will not run until time is made available.",
                UsageWarning,
            )


class SamplerV2(Primitive[SamplerOptions], BaseSamplerV2):
    """Samples the classical registers of circuits.

    Parameters
    ----------
    mode
        A backend (job mode), a Session or a Batch; None for the session or batch of the `with`
        around it.
    options
        A nested dictionary or `SamplerOptions`.

    Raises
    ------
    IBMInputValueError
        For a mode that can't be (also a ValueError).
    OptionError
        For an option that does not exist, or a value that can't be.

    Examples
    --------
    >>> sampler = SamplerV2(mode=backend, options={"default_shots": 1000})  # doctest: +SKIP
    >>> sampler.run([isa_circuit]).result()[0].data.meas.get_counts()  # doctest: +SKIP
    """

    version = 2
    _program = "sampler"
    _options_class = SamplerOptions

    def __init__(
        self,
        mode: BackendV2 | JobContainer | None = None,
        options: dict[str, Any] | SamplerOptions | None = None,
        **older: Any,
    ) -> None:
        super().__init__(mode, options, older)

    def run(
        self,
        pubs: Iterable[SamplerPubLike],
        *v1_arguments: Any,
        shots: int | None = None,
        dry_run: bool = False,
        **v1_words: Any,
    ) -> RuntimeJob:
        """Submit PUBs and return their job.

        Parameters
        ----------
        pubs
            Circuits, or ``(circuit, parameter_values, shots)`` without what follows from defaults.
            The values have shape (..., parameters).
        shots
            For each PUB that says none; before ``options.default_shots``.
        dry_run
            Validate, time and account the job; its data are random and of the right shape.

        Raises
        ------
        IBMInputValueError
            For what is wrong in the PUBs, the circuits or the options: `NotISAError`,
            `V1StyleError`, `OptionError` are of that class. Nothing was submitted then.
        IBMRuntimeError
            If the session is closed, or the service refuses the job.
        """
        return self._submit(self.request(pubs, *v1_arguments, shots=shots, dry_run=dry_run, **v1_words))

    def request(
        self,
        pubs: Iterable[SamplerPubLike],
        *v1_arguments: Any,
        shots: int | None = None,
        dry_run: bool = False,
        **v1_words: Any,
    ) -> JobRequest:
        """Return what `run` would ask of the service, checked; nothing is submitted."""
        refuse_v1_call(self._program, v1_arguments, v1_words)
        if self._options.simulator.exact:
            raise OptionError(
                "The option simulator.exact is for the EstimatorV2: a sampler has only samples."
            )
        if self._options.execution.meas_type in ("kerneled", "avg_kerneled"):
            raise OptionError(
                f"The option execution.meas_type={self._options.execution.meas_type!r} needs hardware: "
                "a simulator gives classified data only."
            )
        simulation = self._simulation(dry_run=dry_run)
        checked = sampler_pubs(pubs, shots, self._options.shots_of_a_pub())
        self._of_several("shots", {pub.shots for pub in checked})
        return self._checked(checked, simulation)


class EstimatorV2(Primitive[EstimatorOptions], BaseEstimatorV2):
    """Estimates expectation values of observables.

    Parameters
    ----------
    mode
        A backend (job mode), a Session or a Batch; None for the session or batch of the `with`
        around it.
    options
        A nested dictionary or `EstimatorOptions`.

    Raises
    ------
    IBMInputValueError
        For a mode that can't be (also a ValueError).
    OptionError
        For an option that does not exist, or a value that can't be.

    Examples
    --------
    >>> estimator = EstimatorV2(mode=backend, options={"default_precision": 0.01})  # doctest: +SKIP
    >>> estimator.run([(isa_circuit, isa_observable)]).result()[0].data.evs  # doctest: +SKIP
    """

    version = 2
    _program = "estimator"
    _options_class = EstimatorOptions

    def __init__(
        self,
        mode: BackendV2 | JobContainer | None = None,
        options: dict[str, Any] | EstimatorOptions | None = None,
        **older: Any,
    ) -> None:
        super().__init__(mode, options, older)
        _refuse_contradictions(self._options.resilience)

    def run(
        self,
        pubs: Iterable[EstimatorPubLike],
        *v1_arguments: Any,
        precision: float | None = None,
        dry_run: bool = False,
        **v1_words: Any,
    ) -> RuntimeJob:
        """Submit PUBs and return their job.

        Parameters
        ----------
        pubs
            ``(circuit, observables, parameter_values, precision)`` without what follows from
            defaults. Observables and values broadcast against each other; the values have shape
            (..., parameters).
        precision
            Standard error wanted, for each PUB that says none; before ``options.default_shots`` and
            ``options.default_precision``.
        dry_run
            Validate, time and account the job; its data are random and of the right shape.

        Raises
        ------
        IBMInputValueError
            For what is wrong in the PUBs, the circuits or the options: `NotISAError`,
            `V1StyleError`, `OptionError` are of that class. Nothing was submitted then.
        IBMRuntimeError
            If the session is closed, or the service refuses the job.
        """
        request = self.request(pubs, *v1_arguments, precision=precision, dry_run=dry_run, **v1_words)
        self._say_that_it_mitigates(request)
        return self._submit(request)

    def request(
        self,
        pubs: Iterable[EstimatorPubLike],
        *v1_arguments: Any,
        precision: float | None = None,
        dry_run: bool = False,
        **v1_words: Any,
    ) -> JobRequest:
        """Return what `run` would ask of the service, checked; nothing is submitted."""
        refuse_v1_call(self._program, v1_arguments, v1_words)
        _refuse_contradictions(self._options.resilience)
        simulation = self._simulation(
            dry_run=dry_run, seed=self._options.seed_estimator, exact=bool(self._options.simulator.exact)
        )
        checked = estimator_pubs(pubs, precision, self._options.precision_of_a_pub())
        self._of_several("precision", {pub.precision for pub in checked})
        return self._checked(checked, simulation)

    def _say_that_it_mitigates(self, request: JobRequest) -> None:
        """Say once for a service that the default level is charged, for what is not seen in results."""
        options, runtime = self._options, self._service.runtime
        if options.set_values().keys() & {"resilience_level", "resilience"} or not runtime.first("mitigates"):
            return
        if not request.options.mitigation.measure or runtime.settings.timing == "measured":
            return
        one = Run(1, 1, 0.0, 0.0)
        mitigated = runtime.cost(Work("estimator", 1, 0, (one,), request.options.mitigation), self._backend)
        learned_s = dict(mitigated.parts)[MEASURE]
        _log.warning(
            "An Estimator mitigates measurement errors unless it is told otherwise (resilience_level=1): of "
            "each job on %s, about %s are charged for that, as on hardware; results here are Aer's, "
            "unmitigated. resilience_level=0 leaves it out.",
            self._backend.name,
            duration(learned_s),
        )


#: IBM's other names for the same classes.
Sampler = SamplerV2
Estimator = EstimatorV2


def _refuse_older(name: str, words: dict[str, Any]) -> None:
    for word in words:
        if word in ("session", "backend"):
            raise V1StyleError(f"{name} takes mode={word} where older ones took {word}={word}.")
        raise OptionError(f"{name} has no argument {word!r}: write options={{{word!r}: …}}.")


def _noise_model(noise_model: Any) -> Any:
    if not isinstance(noise_model, dict):
        return noise_model
    from qmode_jupyter.simulation.noise import model_from

    try:
        return model_from(noise_model)
    except ValueError as error:
        raise OptionError(f"The option simulator.noise_model can't be read: {error}") from None


def _refuse_contradictions(resilience: ResilienceOptions) -> None:
    """Refuse what IBM's client refuses, in its words (SEMANTICS P8)."""
    if resilience.pec_mitigation is True and resilience.zne_mitigation is True:
        raise OptionError(
            "'pec_mitigation' and 'zne_mitigation' options cannot be simultaneously enabled. "
            "Set one of them to False."
        )
    learning = resilience.measure_noise_learning
    if not resilience.measure_mitigation and any(learning.set_values().values()):
        raise OptionError(
            "'measure_noise_learning' options are set, but 'measure_mitigation' is not set to True."
        )
