"""What people get wrong, and the one line that each mistake gets.

Data only: `test_bad_input` makes each of these mistakes, and a good job after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any, Final, Literal

#: In a file: the field is left out.
DROPPED: Final = "(left out)"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the Python API, the class of its error, and what it says."""

    code: str
    kind: str
    says: str


@dataclass(frozen=True, slots=True)
class Request:
    """What a page sends, over which way, and what it is told."""

    over: Literal["control", "comm", "widget"]
    content: Any
    says: str


@dataclass(frozen=True, slots=True)
class File:
    """A file: its bytes, or what differs from a good one, by path; and the error of who reads it."""

    kind: Literal["trace", "receipt"]
    content: bytes | dict[str, Any]
    error: str
    says: str


#: How IBM's own wording begins where it has no full stop (SEMANTICS J19, S22, P1): programs look for it.
IN_IBM_S_WORDS: Final = ("Job not found: ", "Session not found: ", "mode must be of type ")

#: Cells and commands; all are a UsageError. "{job}" is the id of a job that has ended.
MAGICS: Final = (
    (
        "%%qsession -b generic_19",
        "There is no backend 'generic_19'. Did you mean 'generic_19q'? Nothing was run.",
    ),
    (
        "%%qsession -b nobody",
        (
            "There is no backend 'nobody'. There are generic_19q, aer_simulator and 68 fake_*. Nothing "
            "was run."
        ),
    ),
    (
        "%%qsession -b bell",
        "-b bell: that variable holds a QuantumCircuit, and no backend has that name. Nothing was run.",
    ),
    (
        "%%qsession -b",
        "%%qsession --backend takes a value behind it. Nothing was run.",
    ),
    (
        "%%qsession --max-time 25",
        "%%qsession --max-time takes a time such as 90s, 10m or '2h 30m', not '25'. Nothing was run.",
    ),
    (
        "%%qsession --max-time 0s",
        (
            "%%qsession --max-time takes more than nothing, not '0s': without it the plan's own holds. "
            "Nothing was run."
        ),
    ),
    (
        "%%qsession --max-time 9h",
        (
            "%%qsession: 400 Client Error: max_ttl must be from 1 to 28800 seconds on the Premium plan, "
            "not 32400. Leave max_time out for the plan's own maximum of 28800 seconds. Error code: "
            "1208. Nothing was run."
        ),
    ),
    (
        "%%qsession --max-time 10m --max-time 5m",
        "%%qsession --max-time is there twice. Nothing was run.",
    ),
    (
        "%%qsession --plan premum",
        (
            "%%qsession --plan: No plan is called 'premum'. Did you mean 'premium'? The plans are open, "
            "payg, flex, premium, legacy_2023, legacy_2024. Nothing was run."
        ),
    ),
    (
        "%%qsession --plan open",
        (
            "%%qsession: 400 Client Error: You are not authorized to run a session when using the open "
            "plan. Create an instance of a different plan type or use a different execution mode. Error "
            "code: 1352. Nothing was run."
        ),
    ),
    (
        "%%qsession --processor haron",
        (
            "%%qsession --processor: No processor or machine is called 'haron'. Did you mean 'heron_r3'? "
            "The processors are heron_r2, heron_r1, heron_r3, eagle_r3, nighthawk_r1, phoenix. Nothing "
            "was run."
        ),
    ),
    (
        "%%qsession --timing modeled",
        (
            "%%qsession --timing takes modelled or measured, not 'modeled'. Did you mean 'modelled'? "
            "Nothing was run."
        ),
    ),
    (
        "%%qsession --speed 0",
        "%%qsession --speed takes \"max\" or a number above 0, not '0'. Nothing was run.",
    ),
    (
        "%%qsession --speed nan",
        "%%qsession --speed takes \"max\" or a number above 0, not 'nan'. Nothing was run.",
    ),
    (
        "%%qsession --load 2",
        "%%qsession --load takes a number from 0 to 0.9, not '2'. Nothing was run.",
    ),
    (
        "%%qsession --seed -1",
        "%%qsession --seed takes a whole number, 0 or more, not '-1'. Nothing was run.",
    ),
    (
        "%%qsession --seed 1.5",
        "%%qsession --seed takes a whole number, 0 or more, not '1.5'. Nothing was run.",
    ),
    (
        "%%qsession --budget cheap",
        (
            "%%qsession --budget: A budget is a time of usage or a price, such as 60s, 2m 30s or $5, not "
            "'cheap'. Nothing was run."
        ),
    ),
    (
        "%%qsession --budget 0s",
        (
            "%%qsession --budget: A budget is more than nothing, not '0s': give one such as 60s or $5. "
            "Nothing was run."
        ),
    ),
    (
        "%%qbatch --budget $5 --plan open",
        (
            "%%qbatch --budget: A budget of $5 means nothing on the Open plan, which is free: give "
            "seconds, such as 60s. Nothing was run."
        ),
    ),
    (
        "%%qsession --quite",
        "%%qsession has no flag --quite. Did you mean '--quiet'? Nothing was run.",
    ),
    (
        "%%qsession --quiet=yes",
        "%%qsession --quiet takes no value, not 'yes'. Nothing was run.",
    ),
    (
        "%%qsession generic_19q",
        (
            "%%qsession takes flags only, not 'generic_19q': for a backend write -b generic_19q. Nothing "
            "was run."
        ),
    ),
    (
        "%%qsession --name '",
        "%%qsession: a quotation mark is not closed in: --name '. Nothing was run.",
    ),
    (
        "%%qsession -o 2x",
        "%%qsession --out takes the name of a variable, such as report, not '2x'. Nothing was run.",
    ),
    (
        "%%qsession -o print",
        ("%%qsession --out can't store a report as 'print', which has a meaning already. Nothing was run."),
    ),
    (
        "%%qsession -o session",
        ("%%qsession --out can't store a report as 'session', which has a meaning already. Nothing was run."),
    ),
    (
        "%%qjob --max-time 5m",
        (
            "%%qjob has no flag --max-time. A job has no maximum timeout. The option max_execution_time "
            'bounds its time on the QPU, as in Sampler(mode=backend, options={"max_execution_time": '
            "300}). Nothing was run."
        ),
    ),
    (
        "%%qjob --keep-open",
        (
            "%%qjob has no flag --keep-open. A job leaves nothing open; a session or batch does. Nothing "
            "was run."
        ),
    ),
    (
        "%%qbatch --max-time 9h",
        (
            "%%qbatch: 400 Client Error: max_ttl must be from 1 to 28800 seconds on the Premium plan, "
            "not 32400. Leave max_time out for the plan's own maximum of 28800 seconds. Error code: "
            "1208. Nothing was run."
        ),
    ),
    (
        "%qmode statsu",
        (
            "%qmode has no command 'statsu'. Did you mean 'status'? There are status, backends, jobs, "
            "show, usage, timeline, compare, why, receipt, calibrate, drill, advise, export, close, cancel, "
            "serve."
        ),
    ),
    (
        "%qmode 'x",
        "%qmode: a quotation mark is not closed in: 'x.",
    ),
    (
        "%qmode status nothing",
        "No job or workload here is called 'nothing'. %qmode jobs lists them.",
    ),
    (
        "%qmode status a b",
        "%qmode status takes one ID, not 'a b'.",
    ),
    (
        "%qmode backends now",
        "%qmode backends takes nothing more, not 'now'.",
    ),
    (
        "%qmode show",
        "%qmode show takes one ID, not nothing.",
    ),
    (
        "%qmode show old",
        "No job or workload here is called 'old'. Did you mean 'old run'? %qmode jobs lists them.",
    ),
    (
        "%qmode jobs \x1b[2J",
        "No job or workload here is called '\\x1b[2J'. %qmode jobs lists them.",
    ),
    (
        "%qmode compare 'old run' --plans premum",
        (
            "No plan is called 'premum'. Did you mean 'premium'? The plans are open, payg, flex, "
            "premium, legacy_2023, legacy_2024."
        ),
    ),
    (
        "%qmode compare 'old run' --plans \"\"",
        "%qmode compare --plans takes a value behind it.",
    ),
    (
        "%qmode compare 'old run' --processors haron",
        (
            "%qmode compare --processors: No processor or machine is called 'haron'. Did you mean "
            "'heron_r3'? The processors are heron_r2, heron_r1, heron_r3, eagle_r3, nighthawk_r1, "
            "phoenix."
        ),
    ),
    (
        "%qmode compare 'old run' --loads 3",
        "%qmode compare --loads takes numbers from 0 to 0.9, such as 0,0.8, not '3'.",
    ),
    (
        "%qmode compare 'old run' --figur",
        "%qmode compare has no flag --figur. Did you mean '--figure'? %qmode lists what there is.",
    ),
    (
        "%qmode receipt",
        "No receipt is kept yet: a cell on hardware keeps those of its jobs, or name a file.",
    ),
    (
        "%qmode receipt nowhere.json",
        "The receipt 'nowhere.json' can't be read: No such file or directory.",
    ),
    (
        "%qmode receipt folder",
        "The receipt 'folder' can't be read: it is no file.",
    ),
    (
        "%qmode receipt pipe",
        "The receipt 'pipe' can't be read: it is no file.",
    ),
    (
        "%qmode receipt taken.json",
        ("The receipt 'taken.json' has no version: receipts are what receipt_of(job) returns, of version 1."),
    ),
    (
        "%qmode calibrate",
        "%qmode calibrate takes files of receipts, or --reset alone, as in: %qmode calibrate mine.json.",
    ),
    (
        "%qmode calibrate nowhere.json",
        "The receipt 'nowhere.json' can't be read: No such file or directory.",
    ),
    (
        "%qmode advise nothing",
        "No job or workload here is called 'nothing'. %qmode jobs lists them.",
    ),
    (
        "%qmode export 'old run'",
        "%qmode export takes an ID and a file, as in: %qmode export vqe vqe.json.",
    ),
    (
        "%qmode export nothing x.json",
        "No job or workload here is called 'nothing'. %qmode jobs lists them.",
    ),
    (
        "%qmode export 'old run' folder",
        "folder is a folder, and export takes a file. Nothing was written.",
    ),
    (
        "%qmode export 'old run' taken.json",
        "taken.json exists already, and --force overwrites it. Nothing was written.",
    ),
    (
        "%qmode export 'old run' pipe --force",
        "pipe can't be written: it is no ordinary file. Nothing was written.",
    ),
    (
        "%qmode export 'old run' no/such/folder.json",
        "no/such/folder.json can't be written: no such file or directory. Nothing was written.",
    ),
    (
        "%qmode export 'old run' taken.json/x.json",
        "taken.json/x.json can't be written: not a directory. Nothing was written.",
    ),
    (
        "%qmode export 'old run' ~nobody-here/x.json",
        "~nobody-here/x.json can't be written: could not determine home directory. Nothing was written.",
    ),
    (
        "%qmode export 'old run' " + "x" * 300,
        "x" * 300 + " can't be written: file name too long. Nothing was written.",
    ),
    (
        "%qmode export 'old run' x.json --forec",
        "%qmode export has no flag --forec. Did you mean '--force'? %qmode lists what there is.",
    ),
    (
        "%qmode close",
        "%qmode close takes one ID or --all, not nothing.",
    ),
    (
        "%qmode close 'old run' --all",
        "%qmode close takes one ID or --all, not 'old run --all'.",
    ),
    (
        "%qmode close {job}",
        "%qmode close takes no job, which {job} is: %qmode cancel {job} cancels it.",
    ),
    (
        "%qmode cancel nothing",
        "No job or workload here is called 'nothing'. %qmode jobs lists them.",
    ),
    (
        "%qmode cancel {job}",
        "Job cannot be cancelled: {job} has ended before, it is DONE.",
    ),
)

#: "{job}" and the like are ids of the run.
CALLS: Final = (
    Call(
        'RuntimeService(plan="premum")',
        "UnknownPlan",
        (
            "No plan is called 'premum'. Did you mean 'premium'? The plans are open, payg, flex, "
            "premium, legacy_2023, legacy_2024."
        ),
    ),
    Call(
        "RuntimeService(plan=7)",
        "IBMInputValueError",
        (
            "plan must be the name of a plan (open, payg, flex, premium, legacy_2023, legacy_2024) or a "
            "Plan, not 7."
        ),
    ),
    Call(
        'RuntimeService(timing="modeled")',
        "IBMInputValueError",
        "timing must be 'modelled' or 'measured', not 'modeled'.",
    ),
    Call(
        "RuntimeService(speed=0)",
        "IBMInputValueError",
        "speed must be 'max' or a number above 0, not 0.",
    ),
    Call(
        "RuntimeService(load=2)",
        "IBMInputValueError",
        "load must be from 0 (nobody else) to 0.9 (busier, a queue has no end), not 2.",
    ),
    Call(
        "RuntimeService(seed=1.5)",
        "IBMInputValueError",
        "seed must be a whole number of at least 0 or None, not 1.5.",
    ),
    Call(
        "RuntimeService(lod=0.5)",
        "TypeError",
        "RuntimeService has no argument 'lod'. Did you mean 'load'?",
    ),
    Call(
        'RuntimeService("premium", "modelled", "max", 3)',
        "TypeError",
        (
            "RuntimeService: too many positional arguments; plan, timing and speed come first, all else "
            "by its name."
        ),
    ),
    Call(
        'RuntimeService(processor="haron")',
        "UnknownProcessor",
        (
            "No processor or machine is called 'haron'. Did you mean 'heron_r3'? The processors are "
            "heron_r2, heron_r1, heron_r3, eagle_r3, nighthawk_r1, phoenix."
        ),
    ),
    Call(
        "RuntimeService(tenants=0)",
        "IBMInputValueError",
        "tenants must be Tenants or None, not 0.",
    ),
    Call(
        'with_limits("premium", lanse=3)',
        "UnknownPlan",
        (
            "No limit of a plan is called 'lanse'. Did you mean 'lanes'? The limits are "
            "session_interactive_s, batch_interactive_s, session_max_s, batch_max_s, unused_s, "
            "job_max_s, lanes, queue_s, preparation_s, allowance_s, window_s, cost_limit_s, "
            "cost_limit_policy, pending_cap, submissions_per_min, "
            "charge_step_s, calibration_first, cached_first_job, after_expiry, "
            "close_drops_queue, reservations."
        ),
    ),
    Call(
        'service.backend("fake_fezz")',
        "NoBackendError",
        "There is no backend 'fake_fezz'. Did you mean 'fake_fez'?",
    ),
    Call(
        "service.backend(5)",
        "IBMInputValueError",
        "name must be the name of a backend, a text like 'generic_19q', not 5.",
    ),
    Call(
        "service.backends(min_qubits=5)",
        "IBMInputValueError",
        "Backends have no attribute 'min_qubits' to filter by. Did you mean 'n_qubits'?",
    ),
    Call(
        "service.least_busy(min_num_qubits=1000)",
        "NoBackendError",
        "No backend matches the criteria.",
    ),
    Call(
        'service.job("nothing")',
        "RuntimeJobNotFound",
        "Job not found: nothing",
    ),
    Call(
        "service.job(None)",
        "IBMInputValueError",
        "job_id must be a text, not None.",
    ),
    Call(
        "service.jobs(limit=-1)",
        "IBMInputValueError",
        "limit must be a whole number of at least 0 or None, not -1.",
    ),
    Call(
        'service.jobs(created_after="yesterday")',
        "IBMInputValueError",
        "created_after must be a datetime, local where it has no time zone, or None, not 'yesterday'.",
    ),
    Call(
        'service.jobs(job_tags="vqe")',
        "IBMInputValueError",
        "job_tags must be a list, each item of it a text or None, not 'vqe'.",
    ),
    Call(
        'service.delete_job("nothing")',
        "RuntimeJobNotFound",
        "Job not found: nothing",
    ),
    Call(
        'service.trace("nothing")',
        "RuntimeJobNotFound",
        "Job not found: nothing",
    ),
    Call(
        "service.calibrate_qpu(aer, -1)",
        "IBMInputValueError",
        "duration_s must be above 0 seconds, not -1.",
    ),
    Call(
        'service.calibrate_qpu("nowhere", 60)',
        "BackendNotFoundError",
        "There is no backend 'nowhere'. There are generic_19q, aer_simulator and 68 fake_*.",
    ),
    Call(
        "service.reserve(aer, 10, 5)",
        "RequestsApiError",
        (
            "400 Client Error: You are not authorized to reserve time on the Premium plan. Open a "
            "session: while it is active, the QPU is yours alone. Error code: 1200."
        ),
    ),
    Call(
        "service.estimate(5, [bell])",
        "IBMInputValueError",
        (
            "estimate takes a SamplerV2 or EstimatorV2 of qmode_jupyter and its PUBs, as in "
            "service.estimate(sampler, [circuit]), not 5."
        ),
    ),
    Call(
        "service.estimate(sampler, [])",
        "IBMInputValueError",
        "The list of PUBs is empty: give at least one, such as [circuit].",
    ),
    Call(
        "service.receipt(5)",
        "IBMInputValueError",
        "No receipt can be made of 5: give a job, or the path of a file with receipts.",
    ),
    Call(
        "service.calibrate([])",
        "IBMInputValueError",
        "Nothing is fitted to 0 receipts: it takes at least two, of different jobs.",
    ),
    Call(
        "Session(None)",
        "IBMInputValueError",
        "Invalid backend type <class 'NoneType'>: give a BackendV2, or the name of one of the service.",
    ),
    Call(
        'Session("generic_19")',
        "NoBackendError",
        "There is no backend 'generic_19'. Did you mean 'generic_19q'?",
    ),
    Call(
        "Session(service)",
        "IBMInputValueError",
        (
            "Invalid backend type RuntimeService: the backend comes first, write "
            "Session(backend=backend, service=service)."
        ),
    ),
    Call(
        'Session(aer, max_time="25")',
        "IBMInputValueError",
        (
            "Invalid max_time value: '25' has no number with one of the units d, h, m, s (lower case, no "
            "blank between); write whole seconds or a text such as '2h 30m 40s'."
        ),
    ),
    Call(
        "Session(aer, max_time=-5)",
        "RequestsApiError",
        (
            "400 Client Error: max_ttl must be from 1 to 28800 seconds on the Premium plan, not -5. "
            "Leave max_time out for the plan's own maximum of 28800 seconds. Error code: 1208."
        ),
    ),
    Call(
        'Session(aer, max_time="9h")',
        "RequestsApiError",
        (
            "400 Client Error: max_ttl must be from 1 to 28800 seconds on the Premium plan, not 32400. "
            "Leave max_time out for the plan's own maximum of 28800 seconds. Error code: 1208."
        ),
    ),
    Call(
        "Session(aer, max_time=1.5)",
        "IBMInputValueError",
        "Invalid max_time value: 1.5 is not whole seconds or a text such as '2h 30m 40s'.",
    ),
    Call(
        'Session(aer, service="mine")',
        "IBMInputValueError",
        "service must be a RuntimeService of qmode_jupyter, not builtins.str.",
    ),
    Call(
        "Session(aer, name=5)",
        "IBMInputValueError",
        "name must be a text, not 5.",
    ),
    Call(
        'Session.from_id("nothing", service)',
        "IBMInputValueError",
        "Session not found: 'nothing' is none of the service's {sessions}.",
    ),
    Call(
        "Batch.from_id(session.session_id, service)",
        "IBMInputValueError",
        "Input ID {session} has execution mode dedicated instead of batch.",
    ),
    Call(
        'closed.run("sampler", {"pubs": [bell]})',
        "IBMRuntimeError",
        "The session is closed.",
    ),
    Call(
        'session.run("vqe", {})',
        "RuntimeProgramNotFound",
        "Program not found: 'vqe'; there are 'sampler' and 'estimator'.",
    ),
    Call(
        'session.run("sampler", {})',
        "V1StyleError",
        "The inputs of a V2 sampler are {'pubs': [...]}, these have nothing.",
    ),
    Call(
        'session.run("sampler", [5])',
        "V1StyleError",
        "The inputs of a V2 sampler are {'pubs': [...]}, not [5].",
    ),
    Call(
        'session.run("sampler", {5: bell})',
        "V1StyleError",
        "The inputs of a V2 sampler are {'pubs': [...]}, these have 5.",
    ),
    Call(
        'session.run("sampler", {"pubs": [bell]}, options=5)',
        "OptionError",
        "options must be a dictionary such as {'job_tags': [...]}, not 5.",
    ),
    Call(
        'SamplerV2("nowhere")',
        "IBMInputValueError",
        "mode must be of type Backend, Session, Batch or None",
    ),
    Call(
        "SamplerV2()",
        "IBMInputValueError",
        "A backend or session must be specified.",
    ),
    Call(
        "SamplerV2(aer, options=5)",
        "TypeError",
        "Invalid 'options' type. It can only be a dictionary or SamplerOptions, not int.",
    ),
    Call(
        'SamplerV2(aer, options={"default_shots": True})',
        "OptionError",
        "The option default_shots must be a whole number of at least 1 or None, not True.",
    ),
    Call(
        'SamplerV2(aer, options={"default_shot": 10})',
        "OptionError",
        "SamplerOptions has no option 'default_shot': did you mean default_shots.",
    ),
    Call(
        'SamplerV2(aer, options={"twirling": 5})',
        "OptionError",
        "The option twirling is a group: give a dictionary or TwirlingOptions, not 5.",
    ),
    Call(
        'SamplerV2(aer, options={"twirling": {"strategy": "actve"}})',
        "OptionError",
        (
            "The option twirling.strategy must be 'active', 'active-accum', 'active-circuit' or 'all', "
            "not 'actve'."
        ),
    ),
    Call(
        'SamplerV2(aer, options={"resilience_level": 1})',
        "OptionError",
        ("SamplerOptions has no option 'resilience_level': there is resilience_level, in EstimatorOptions."),
    ),
    Call(
        'SamplerV2(aer, options={"environment": {"job_tags": "vqe"}})',
        "OptionError",
        "job_tags needs to be a list of strings.",
    ),
    Call(
        'SamplerV2(aer, options={"environment": {"job_tags": ["x"] * 9}})',
        "OptionError",
        "A job has at most 8 tags, not 9 (code 1204).",
    ),
    Call(
        'SamplerV2(aer, options={"environment": {"image": "mine"}})',
        "OptionError",
        "\"image\" needs to be in form of image_name:tag, not 'mine'.",
    ),
    Call(
        'SamplerV2(aer, options={"environment": {"log_level": "LOUD"}})',
        "OptionError",
        (
            "The option environment.log_level must be 'DEBUG', 'INFO', 'WARNING', 'ERROR' or 'CRITICAL', "
            "not 'LOUD'."
        ),
    ),
    Call(
        'SamplerV2(aer, options={"max_execution_time": -1})',
        "OptionError",
        "The option max_execution_time must be a whole number of at least 1 or None, not -1.",
    ),
    Call(
        'SamplerV2(aer, options={"execution": {"rep_delay": 5}}).run([bell])',
        "OptionError",
        "The option execution.rep_delay is in seconds, from 0 to 0.0005, not 5.",
    ),
    Call(
        'SamplerV2(aer, options={"simulator": {"noise_model": {"a": 1}}}).run([bell])',
        "OptionError",
        (
            "The option simulator.noise_model can't be read: it has no list of 'errors', as "
            "NoiseModel.to_dict() makes it."
        ),
    ),
    Call(
        'SamplerV2(aer, options={"simulator": {"exact": True}}).run([bell])',
        "OptionError",
        "The option simulator.exact is for the EstimatorV2: a sampler has only samples.",
    ),
    Call(
        "SamplerV2(aer, shots=5)",
        "OptionError",
        "SamplerV2 has no argument 'shots': write options={'shots': …}.",
    ),
    Call(
        "SamplerV2(backend=aer)",
        "V1StyleError",
        "SamplerV2 takes mode=backend where older ones took backend=backend.",
    ),
    Call(
        'EstimatorV2(aer, options={"resilience_level": 3})',
        "OptionError",
        "The option resilience_level must be a whole number of at least 0 and at most 2, not 3.",
    ),
    Call(
        'EstimatorV2(aer, options={"default_precision": 0})',
        "OptionError",
        "The option default_precision must be a number above 0, not 0.",
    ),
    Call(
        'EstimatorV2(aer, options={"resilience": {"zne": {"noise_factors": [0.5]}}})',
        "OptionError",
        (
            "The option resilience.zne.noise_factors must be a list of numbers of at least 1 or 'auto', "
            "not [0.5]."
        ),
    ),
    Call(
        'setattr(sampler.options, "default_shots", -4)',
        "OptionError",
        "The option default_shots must be a whole number of at least 1 or None, not -4.",
    ),
    Call(
        'setattr(sampler.options, "shotz", 4)',
        "OptionError",
        (
            "SamplerOptions has no option 'shotz': there are max_execution_time, environment, simulator, "
            "execution, experimental, dynamical_decoupling, twirling, default_shots."
        ),
    ),
    Call(
        "sampler.run(bell)",
        "V1StyleError",
        "run() takes a list of PUBs, not one circuit: write sampler.run([circuit]).",
    ),
    Call(
        "sampler.run([])",
        "IBMInputValueError",
        "The list of PUBs is empty: give at least one, such as [circuit].",
    ),
    Call(
        'sampler.run("bell")',
        "IBMInputValueError",
        "run() takes a list of PUBs such as [circuit], not str.",
    ),
    Call(
        "sampler.run([5])",
        "IBMInputValueError",
        "PUB 0: a PUB begins with its circuit, not 5.",
    ),
    Call(
        "sampler.run((bell, None))",
        "IBMInputValueError",
        "run() takes a list of PUBs, not one PUB: write sampler.run([(circuit, …)]), with brackets.",
    ),
    Call(
        "sampler.run([bell], shots=0)",
        "IBMInputValueError",
        "shots must be a whole number of at least 1, not 0.",
    ),
    Call(
        "sampler.run([bell], shots=True)",
        "IBMInputValueError",
        "shots must be a whole number of at least 1, not True.",
    ),
    Call(
        'sampler.run([bell], shots=float("nan"))',
        "IBMInputValueError",
        "shots must be a whole number of at least 1, not nan.",
    ),
    Call(
        "sampler.run([bell], shots=20_000_000)",
        "IBMInputValueError",
        (
            "The job would be 20,000,000 executions (shots times parameter sets), and at most 10,000,000 "
            "are allowed (error code 1520): ask for fewer, or split it."
        ),
    ),
    Call(
        "sampler.run([bell], precision=0.1)",
        "OptionError",
        "run() has no argument 'precision': it takes pubs, shots and dry_run.",
    ),
    Call(
        "sampler.run([rotated])",
        "IBMInputValueError",
        "PUB 0: the circuit has 1 parameter and no values were given.",
    ),
    Call(
        'sampler.run([(rotated, [float("nan")])])',
        "IBMInputValueError",
        "PUB 0: parameter values must be finite, and [0] is nan.",
    ),
    Call(
        'sampler.run([(rotated, "x")])',
        "IBMInputValueError",
        "PUB 0: its parameter values must be real numbers.",
    ),
    Call(
        'sampler.run([(rotated, {"phi": 1})])',
        "IBMInputValueError",
        "PUB 0: the circuit's parameters are theta, and values came for phi.",
    ),
    Call(
        "sampler.run([(bell, [1.0])])",
        "IBMInputValueError",
        "PUB 0: the circuit has 0 parameters and 1 values were given (array of shape (1,)).",
    ),
    Call(
        "sampler.run([(bell, None, 100, 3)])",
        "IBMInputValueError",
        "PUB 0: it has 4 parts, and at most 3 are known.",
    ),
    Call(
        'sampler.run([named("c", 0)])',
        "IBMInputValueError",
        "PUB 0: Classical register c is of size 0, which is not allowed.",
    ),
    Call(
        'sampler.run([named("class")])',
        "IBMInputValueError",
        "PUB 0: Classical register names cannot be Python keywords, but 'class' is one.",
    ),
    Call(
        'sampler.run([named("keys")])',
        "IBMInputValueError",
        "PUB 0: results have a 'keys' of their own, so no classical register can.",
    ),
    Call(
        "sampler.run([wide]).result()",
        "RuntimeJobFailureError",
        (
            "Unable to retrieve job result. 60 qubits are too many to simulate here: Aer's statevector "
            "method wants 16,384 PB of memory. Where they are little entangled, "
            "mode=AerSimulator(method='matrix_product_state') holds more. options={\"simulator\": "
            '{"dry_run": True}} validates, times and accounts such a job, and returns random data of the '
            "right shape."
        ),
    ),
    Call(
        "SamplerV2(device).run([wide])",
        "NotISAError",
        (
            "The circuit has 60 qubits but the target system requires 19 qubits. Circuits that do not "
            "match the target hardware definition are no longer supported after March 4, 2024. Transpile "
            "it first: generate_preset_pass_manager(optimization_level=1, backend=backend).run(circuit)"
        ),
    ),
    Call(
        "SamplerV2(device).run([bell])",
        "NotISAError",
        (
            "The instruction h on qubits (0,) is not supported by the target system. Circuits that do "
            "not match the target hardware definition are no longer supported after March 4, 2024. "
            "Transpile it first: generate_preset_pass_manager(optimization_level=1, "
            "backend=backend).run(circuit)"
        ),
    ),
    Call(
        "estimator.run([bell])",
        "IBMInputValueError",
        "PUB 0: it has no observables: write (circuit, observables) or (circuit, observables, values).",
    ),
    Call(
        'estimator.run([(one, "ZZ")])',
        "IBMInputValueError",
        (
            "PUB 0: the circuit has 1 qubit and the observable 2: after transpiling, use "
            "observable.apply_layout(isa_circuit.layout)."
        ),
    ),
    Call(
        "estimator.run([(one, [])])",
        "IBMInputValueError",
        "PUB 0: Empty observables array is not allowed.",
    ),
    Call(
        'estimator.run([(one, "A")])',
        "IBMInputValueError",
        "PUB 0: labels must only contain letters from the alphabet 'IXYZ+-rl01'.",
    ),
    Call(
        'estimator.run([(one, "0")])',
        "IBMInputValueError",
        "PUB 0: Observables alphabet is limited to I, X, Y, Z.",
    ),
    Call(
        "estimator.run([(one, 5)])",
        "IBMInputValueError",
        "PUB 0: Invalid observable type: <class 'int'>.",
    ),
    Call(
        'estimator.run([(one, "Z")], precision=0)',
        "IBMInputValueError",
        "precision must be a number above 0, not 0.",
    ),
    Call(
        'estimator.run([(one, "Z")], shots=5)',
        "OptionError",
        "run() has no argument 'shots': it takes pubs, precision and dry_run.",
    ),
    Call(
        "done.cancel()",
        "RuntimeInvalidStateError",
        "Job cannot be cancelled: {job} has ended before, it is DONE.",
    ),
    Call(
        'done.result(timeout="1")',
        "IBMInputValueError",
        "timeout must be a number of seconds, not '1'.",
    ),
    Call(
        "service.trace(5)",
        "RuntimeJobNotFound",
        "Job not found: 5",
    ),
    Call(
        "done.update_tags([5])",
        "OptionError",
        "job_tags needs to be a list of strings.",
    ),
    Call(
        "compare(5)",
        "IBMInputValueError",
        "compare takes a trace, as service.trace(id) returns it, not 5.",
    ),
    Call(
        'compare(trace, modes=["sesion"])',
        "IBMInputValueError",
        "There is no mode 'sesion'. Did you mean 'session'? The modes are job, batch, session.",
    ),
    Call(
        "compare(trace, loads=[3])",
        "ValueError",
        ("load must be from 0 (nobody else) to 0.9 (a QPU that is busier has a queue without end), not 3."),
    ),
    Call(
        'advise("vqe")',
        "IBMInputValueError",
        "advise takes a trace, as service.trace(id) returns it, not 'vqe'.",
    ),
    Call(
        "why(None)",
        "IBMInputValueError",
        "why takes a trace, as service.trace(id) returns it, not None.",
    ),
    Call(
        "compare(trace, plans=[5])",
        "IBMInputValueError",
        "plans are names of plans or Plans, not 5.",
    ),
    Call(
        'compare(trace, max_time_s="long")',
        "IBMInputValueError",
        "max_time_s must be above 0 seconds, not 'long'.",
    ),
    Call(
        'compare(trace, max_time_s=float("inf"))',
        "IBMInputValueError",
        "max_time_s must be above 0 seconds, not inf.",
    ),
    Call(
        "forecast(5)",
        "IBMInputValueError",
        "forecast takes a dictionary of estimates by name, not 5.",
    ),
    Call(
        'done.wait_for_final_state(poll_interval="x")',
        "IBMInputValueError",
        "poll_interval must be a number of seconds, not 'x'.",
    ),
    Call(
        "Session.from_id([], service)",
        "IBMInputValueError",
        "session_id must be a text, not [].",
    ),
    Call(
        'session.run("sampler", {"pubs": [bell], "options": 5})',
        "TypeError",
        "Invalid 'options' type. It can only be a dictionary or SamplerOptions, not int.",
    ),
    Call(
        'SamplerV2(aer, options={"twirling": {1: 2}})',
        "OptionError",
        "The option twirling is a group: give a dictionary or TwirlingOptions, not {1: 2}.",
    ),
    Call(
        'SamplerV2(aer, options={"_prefix": 1})',
        "OptionError",
        (
            "SamplerOptions has no option '_prefix': there are max_execution_time, environment, "
            "simulator, execution, experimental, dynamical_decoupling, twirling, default_shots."
        ),
    ),
    Call(
        "sampler.run([(rotated, {1: 2})])",
        "IBMInputValueError",
        "PUB 0: its parameter values are by parameter or name, not by 1.",
    ),
)

REQUESTS: Final = (
    Request(
        "control",
        None,
        "A request is an object with names, not None.",
    ),
    Request(
        "control",
        "close",
        "A request is an object with names, not 'close'.",
    ),
    Request(
        "control",
        [1],
        "A request is an object with names, not [1].",
    ),
    Request(
        "control",
        {},
        "There is no action None; there are cancel_job, cancel_all, close and snapshot.",
    ),
    Request(
        "control",
        {"action": "explode"},
        "There is no action 'explode'; there are cancel_job, cancel_all, close and snapshot.",
    ),
    Request(
        "control",
        {"action": ["close"]},
        "There is no action ['close']; there are cancel_job, cancel_all, close and snapshot.",
    ),
    Request(
        "control",
        {"action": "x" * 300},
        (
            "There is no action 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...; there are "
            "cancel_job, cancel_all, close and snapshot."
        ),
    ),
    Request(
        "control",
        {"action": "\x1b[2J"},
        "There is no action '\\x1b[2J'; there are cancel_job, cancel_all, close and snapshot.",
    ),
    Request(
        "control",
        {"action": "close", "id": "{session}"},
        "This button belongs to another runtime (None, now {short}): nothing was changed.",
    ),
    Request(
        "control",
        {"action": "close", "runtime": "another", "id": "{session}"},
        "This button belongs to another runtime (another, now {short}): nothing was changed.",
    ),
    Request(
        "control",
        {"action": "close", "runtime": "\x1b[2J", "id": "{session}"},
        "This button belongs to another runtime (\\x1b[2J, now {short}): nothing was changed.",
    ),
    Request(
        "control",
        {"action": "close", "runtime": "{runtime}"},
        "close needs the id of a job or workload; nothing was changed.",
    ),
    Request(
        "control",
        {"action": "close", "runtime": "{runtime}", "id": 7},
        "close needs the id of a job or workload; nothing was changed.",
    ),
    Request(
        "control",
        {"action": "close", "runtime": "{runtime}", "id": "nothing"},
        "Session not found: nothing",
    ),
    Request(
        "control",
        {"action": "cancel_all", "runtime": "{runtime}", "id": "nothing"},
        "Session not found: nothing",
    ),
    Request(
        "control",
        {"action": "cancel_job", "runtime": "{runtime}", "id": "nothing"},
        "Job not found: nothing",
    ),
    Request(
        "control",
        {"action": "cancel_job", "runtime": "{runtime}", "id": "{session}"},
        "Job not found: {session}",
    ),
    Request(
        "control",
        {"action": "cancel_job", "runtime": "{runtime}", "id": "{job}"},
        "Job cannot be cancelled: {job} has ended before, it is DONE.",
    ),
    Request(
        "comm",
        None,
        "A request is an object with names, not None.",
    ),
    Request(
        "comm",
        7,
        "A request is an object with names, not 7.",
    ),
    Request(
        "comm",
        {},
        "There is no action None; there are cancel_job, cancel_all, close and snapshot.",
    ),
    Request(
        "comm",
        {"action": "close", "runtime": "{runtime}", "id": None},
        "close needs the id of a job or workload; nothing was changed.",
    ),
    Request(
        "comm",
        {"action": "cancel_job", "runtime": "{runtime}", "id": "{job}"},
        "Job cannot be cancelled: {job} has ended before, it is DONE.",
    ),
    Request(
        "widget",
        {"action": "explode", "runtime": "{runtime}"},
        "There is no action 'explode'; nothing was changed.",
    ),
    Request(
        "widget",
        {"action": "close"},
        "This button belongs to a runtime that is gone; nothing was changed.",
    ),
    Request(
        "widget",
        {"action": "close", "runtime": "{runtime}", "id": ["x"]},
        "Session not found: ['x']",
    ),
    Request(
        "widget",
        {"action": None, "runtime": "{runtime}"},
        "There is no action None; nothing was changed.",
    ),
    Request(
        "widget",
        {"action": "cancel_job", "runtime": "{runtime}", "id": "{job}"},
        "Job cannot be cancelled: {job} has ended before, it is DONE.",
    ),
)

FILES: Final = (
    File(
        "trace",
        b"",
        "UnreadableTrace",
        "{path} is not a trace that was exported from here.",
    ),
    File(
        "trace",
        b"not json",
        "UnreadableTrace",
        "{path} is not a trace that was exported from here.",
    ),
    File(
        "trace",
        b"\xff\xfe\x00",
        "UnreadableTrace",
        "{path} is not a trace that was exported from here.",
    ),
    File(
        "trace",
        b"[]",
        "UnreadableTrace",
        "{path} is not a trace that was exported from here.",
    ),
    File(
        "trace",
        b"7",
        "UnreadableTrace",
        "{path} is not a trace that was exported from here.",
    ),
    File(
        "trace",
        b"{}",
        "UnreadableTrace",
        "{path} is not a trace that was exported from here.",
    ),
    File(
        "trace",
        b"[" * 100_000,
        "UnreadableTrace",
        "{path} is not a trace that was exported from here.",
    ),
    File(
        "trace",
        b"\x80\x04\x95",
        "UnreadableTrace",
        "{path} is not a trace that was exported from here.",
    ),
    File(
        "trace",
        {"qmode_trace": "two"},
        "UnreadableTrace",
        "{path} is not a trace that was exported from here.",
    ),
    File(
        "trace",
        {"qmode_trace": 99},
        "UnreadableTrace",
        "{path} is a trace of version 99 and this package reads up to 2: upgrade qmode_jupyter.",
    ),
    File(
        "trace",
        {"qmode_trace": -1},
        "UnreadableTrace",
        "{path} is a trace of version -1, which there never was.",
    ),
    File(
        "trace",
        {"plan": DROPPED},
        "UnreadableTrace",
        "{path} is a damaged trace: its plan has no 'plan'.",
    ),
    File(
        "trace",
        {"plan": 7},
        "UnreadableTrace",
        "{path} is a damaged trace: its plan is not as it was exported.",
    ),
    File(
        "trace",
        {"plan.price_usd_per_s": "much"},
        "UnreadableTrace",
        "{path} is a damaged trace: its plan is not as it was exported.",
    ),
    File(
        "trace",
        {"plan.price_usd_per_s": "NaN"},
        "UnreadableTrace",
        (
            "{path} is a damaged trace: its plan can't be: price_usd_per_s must be a Decimal such as "
            "Decimal(\"1.60\"), 0 or more or None, not Decimal('NaN')."
        ),
    ),
    File(
        "trace",
        {"plan.lanes": 0},
        "UnreadableTrace",
        "{path} is a damaged trace: its plan can't be: lanes must be a whole number, 1 or more, not 0.",
    ),
    File(
        "trace",
        {"plan.lanse": 3},
        "UnreadableTrace",
        "{path} is a damaged trace: its plan is not as it was exported.",
    ),
    File(
        "trace",
        {"events": 7},
        "UnreadableTrace",
        "{path} is a damaged trace: its list of events is not as it was exported.",
    ),
    File(
        "trace",
        {"events": [[1, 2, 3]]},
        "UnreadableTrace",
        "{path} is a damaged trace: its event 1 is not as it was exported.",
    ),
    File(
        "trace",
        {"events": [["Explosion", {}]]},
        "UnreadableTrace",
        "{path} is a damaged trace: its event 1 can't be: there is no event Explosion.",
    ),
    File(
        "trace",
        {"events": [["Tick", {"at": "now"}]]},
        "UnreadableTrace",
        "{path} is a damaged trace: its event 1 is not as it was exported.",
    ),
    File(
        "trace",
        {"events": [["Tick", {}]]},
        "UnreadableTrace",
        "{path} is a damaged trace: its event 1 is not as it was exported.",
    ),
    File(
        "trace",
        {"events": [["Tick", 5]]},
        "UnreadableTrace",
        "{path} is a damaged trace: its event 1 is not as it was exported.",
    ),
    File(
        "trace",
        {"events": [["JobPrepared", {"at": 1.0, "job": "nobody"}]]},
        "UnreadableTrace",
        "{path} is a damaged trace: its event 1 can't be: no job nobody.",
    ),
    File(
        "trace",
        {"until": "late"},
        "UnreadableTrace",
        ("{path} is a damaged trace: its end, until, can't be: could not convert string to float: 'late'."),
    ),
    File(
        "trace",
        {"until": -5},
        "UnreadableTrace",
        (
            "{path} is a damaged trace: its end, until, can't be: time can't pass from "
            "3.9040002822875977 s to -5.0 s: something is due at 1803.9040002822876."
        ),
    ),
    File(
        "trace",
        {"until": inf},
        "UnreadableTrace",
        (
            "{path} is a damaged trace: its end, until, can't be: time can't pass from "
            "3.9040002822875977 s to inf s: something is due at 1803.9040002822876."
        ),
    ),
    File(
        "trace",
        {"until": None},
        "UnreadableTrace",
        "{path} is a damaged trace: its end, until, is not as it was exported.",
    ),
    File(
        "trace",
        {"events": [5]},
        "UnreadableTrace",
        "{path} is a damaged trace: its event 1 is not as it was exported.",
    ),
    File(
        "trace",
        {"focus": None},
        "UnreadableTrace",
        "{path} is a damaged trace: its qpu, focus or origin_s is not as it was exported.",
    ),
    File(
        "trace",
        {"focus": 7},
        "UnreadableTrace",
        "{path} is a damaged trace: its qpu, focus or origin_s is not as it was exported.",
    ),
    File(
        "trace",
        {"spread": 3},
        "UnreadableTrace",
        "{path} is a damaged trace: its spread is not as it was exported.",
    ),
    File(
        "trace",
        {"origin_s": None},
        "UnreadableTrace",
        "{path} is a damaged trace: its qpu, focus or origin_s is not as it was exported.",
    ),
    File(
        "receipt",
        b"",
        "IBMInputValueError",
        "The receipt '{path}' is no JSON: Expecting value: line 1 column 1 (char 0).",
    ),
    File(
        "receipt",
        b"not json",
        "IBMInputValueError",
        "The receipt '{path}' is no JSON: Expecting value: line 1 column 1 (char 0).",
    ),
    File(
        "receipt",
        b"\xff\xfe\x00",
        "IBMInputValueError",
        (
            "The receipt '{path}' is no JSON: 'utf-16-le' codec can't decode byte 0x00 in position 2: "
            "truncated data."
        ),
    ),
    File(
        "receipt",
        b"[]",
        "IBMInputValueError",
        "The file '{path}' has no receipts: its list is empty.",
    ),
    File(
        "receipt",
        b"7",
        "IBMInputValueError",
        "The receipt '{path}' is no object with names, but 7.",
    ),
    File(
        "receipt",
        b"[" * 100_000,
        "IBMInputValueError",
        "The receipt '{path}' is no JSON that can be read: it is nested too deeply.",
    ),
    File(
        "receipt",
        {"version": 2},
        "IBMInputValueError",
        "The receipt '{path}' is of version 2, and this package reads 1: export it again.",
    ),
    File(
        "receipt",
        {"version": DROPPED},
        "IBMInputValueError",
        "The receipt '{path}' has no version: receipts are what receipt_of(job) returns, of version 1.",
    ),
    File(
        "receipt",
        {"job": 5},
        "IBMInputValueError",
        "The receipt '{path}' needs a text as its job, not 5.",
    ),
    File(
        "receipt",
        {"status": "ERROR"},
        "IBMInputValueError",
        (
            "The receipt '{path}', of job dandqqo2fm4c73f43dhg, is of a job that is 'ERROR': only one "
            "that is DONE shows what a run costs."
        ),
    ),
    File(
        "receipt",
        {"metrics": []},
        "IBMInputValueError",
        (
            "The metrics of the receipt '{path}', of job dandqqo2fm4c73f43dhg, is no object with names, "
            "but []."
        ),
    ),
    File(
        "receipt",
        {"metrics.usage.status": "pending"},
        "IBMInputValueError",
        (
            "The receipt '{path}', of job dandqqo2fm4c73f43dhg, has no usage yet: the service adds it "
            "some time after the end, so export it again."
        ),
    ),
    File(
        "receipt",
        {"metrics.usage.qpu_charge_time_seconds": -1},
        "IBMInputValueError",
        (
            "The usage of the metrics of the receipt '{path}', of job dandqqo2fm4c73f43dhg, needs a "
            "number above 0 to 10800 as its qpu_charge_time_seconds, not -1."
        ),
    ),
    File(
        "receipt",
        {"metrics.usage.qpu_charge_time_seconds": 9000},
        "IBMInputValueError",
        (
            "The receipt '{path}', of job dandqqo2fm4c73f43dhg, can't be: charged 9000 s, and RUNNING "
            "for 24.3 s altogether."
        ),
    ),
    File(
        "receipt",
        {"metrics.timestamps.running": "soon"},
        "IBMInputValueError",
        (
            "The timestamps of the metrics of the receipt '{path}', of job dandqqo2fm4c73f43dhg, needs a "
            "time in ISO 8601 as its running, not 'soon'."
        ),
    ),
    File(
        "receipt",
        {"metrics.timestamps.finished": "2026-09-19T09:00:00Z"},
        "IBMInputValueError",
        (
            "The timestamps of the metrics of the receipt '{path}', of job dandqqo2fm4c73f43dhg, go "
            "backwards: a job is created, then running, then finished."
        ),
    ),
    File(
        "receipt",
        {"primitive": "vqe"},
        "IBMInputValueError",
        (
            "The receipt '{path}', of job dandqqo2fm4c73f43dhg, is of the program 'vqe': only samplers "
            "and estimators are priced."
        ),
    ),
    File(
        "receipt",
        {"pubs": []},
        "IBMInputValueError",
        (
            "The receipt '{path}', of job dandqqo2fm4c73f43dhg, has no pubs: a private job keeps them to "
            "itself, and any other has at least one."
        ),
    ),
    File(
        "receipt",
        {"pubs": [5]},
        "IBMInputValueError",
        "PUB 1 of the receipt '{path}', of job dandqqo2fm4c73f43dhg, is no object with names, but 5.",
    ),
    File(
        "receipt",
        {"pubs.0.shots": 0},
        "IBMInputValueError",
        (
            "PUB 1 of the receipt '{path}', of job dandqqo2fm4c73f43dhg, needs a whole number from 1 to "
            "1e+09 as its shots, not 0."
        ),
    ),
    File(
        "receipt",
        {"pubs.0.gates_s": 1000000000.0},
        "IBMInputValueError",
        (
            "PUB 1 of the receipt '{path}', of job dandqqo2fm4c73f43dhg, needs a number from 0 to 1 as "
            "its gates_s, not 1000000000.0."
        ),
    ),
    File(
        "receipt",
        {"options": {"resilience_level": 7}},
        "IBMInputValueError",
        (
            "The options of the receipt '{path}', of job dandqqo2fm4c73f43dhg, can't be read: The option "
            "resilience_level must be a whole number of at least 0 and at most 2, not 7."
        ),
    ),
    File(
        "receipt",
        {"options": 5},
        "IBMInputValueError",
        ("The options of the receipt '{path}', of job dandqqo2fm4c73f43dhg, is no object with names, but 5."),
    ),
    File(
        "receipt",
        {"metrics.circuits_execution_time_ns": 1000000000000.0},
        "IBMInputValueError",
        (
            "The receipt '{path}', of job dandqqo2fm4c73f43dhg, can't be: circuits were executed for "
            "1000 s, and 14 s charged."
        ),
    ),
)
