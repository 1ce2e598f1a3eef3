"""Whatever happens in whatever order, the invariants hold and the trace replays to the byte."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from qmode_jupyter.cost.model import OVERHEAD, SHOTS, Part
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.event_queue import Fault
from qmode_jupyter.scheduler.events import YOU, Prepare, Settle, grained
from qmode_jupyter.scheduler.plans import PLANS, with_limits
from qmode_jupyter.scheduler.records import SETTLED
from qmode_jupyter.scheduler.scheduler import IllegalEvent, IllegalTransition, Refused
from qmode_jupyter.scheduler.trace import rerun
from tests.scheduler.emulation import QPU, Emulation, check_parts

SECONDS = st.floats(0, 100).map(grained)
#: Lanes of a QPU, and how many of the jobs in them are prepared at once; None: as many as the plan says, all.
LANES = st.none() | st.integers(1, 14).flatmap(
    lambda lanes: st.tuples(st.just(lanes), st.none() | st.integers(1, lanes))
)


def parts_of(qpu_s: float) -> tuple[Part, ...]:
    """What a job that holds the QPU so long may be made of, before it is rounded up."""
    return (OVERHEAD, 2.0), (SHOTS, max(0.0, qpu_s - 2.0))


class Service(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.e: Emulation
        self.workloads: list[str] = []
        self.jobs: list[str] = []
        self.given: list[list[object]] = []
        self.used = {YOU: 0.0, "ann": 0.0}
        #: Jobs that the outside was told to prepare, and has not answered for.
        self.begun: set[str] = set()

    @initialize(
        lanes=LANES,
        plan=st.sampled_from(sorted(PLANS)),
        limits=st.sampled_from(
            [
                {},
                {},
                {"cost_limit_s": 40.0},
                {"cost_limit_s": 40.0, "cost_limit_policy": "finish_running"},
                {"allowance_s": 30.0, "window_s": 500.0},
                {"lanes": 1, "submissions_per_min": 3},
            ]
        ),
    )
    def begin(self, plan: str, limits: dict, lanes: tuple[int, int | None] | None) -> None:
        self.e = Emulation(with_limits(plan, **limits))
        handle = self.e.scheduler.handle

        def recorded(event):
            out = handle(event)
            self.given.append(out)
            self.begun.discard(getattr(event, "job", ""))
            self.begun -= {i.job for i in out if isinstance(i, Settle)}
            self.begun |= {i.job for i in out if isinstance(i, Prepare)}
            return out

        self.e.scheduler.handle = recorded
        for tenant, allocation in (("ann", 1.0), ("bob", 3.0)):
            self.e.happen(ev.TenantArrived(0.0, tenant, allocation))
        if lanes is not None:
            self.e.online(*lanes)
        of_the_qpu, self.preparations = lanes or (None, None)
        plans = self.e.scheduler.plan.lanes
        self.lanes = of_the_qpu if of_the_qpu is not None and plans == 5 else plans

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: float) -> None:
        self.e.at(self.e.now + seconds)

    @rule(days=st.integers(0, 2))
    def much_time_passes(self, days: int) -> None:
        self.e.at(self.e.now + days * 15_000)

    @rule(
        session=st.booleans(),
        max_time_s=st.none() | st.integers(1, 300),
        tenant=st.sampled_from([YOU, "ann"]),
    )
    def somebody_opens_a_workload(self, session: bool, max_time_s: int | None, tenant: str) -> None:
        name = f"w{len(self.workloads)}"
        try:
            if session:
                self.e.session(name, max_time_s, tenant)
            else:
                self.e.batch(name, max_time_s)
        except Refused:
            return
        self.workloads.append(name)

    @rule(
        data=st.data(),
        qpu_s=SECONDS,
        prep_s=st.floats(0, 5),
        cap=st.none() | st.integers(1, 50),
        fails=st.booleans(),
        tenant=st.sampled_from([YOU, YOU, "ann", "bob"]),
        known=st.booleans(),
    )
    def a_job_is_submitted(self, data, qpu_s, prep_s, cap, fails, tenant, known) -> None:
        within = data.draw(st.sampled_from([None, *self.workloads]))
        if within is not None:
            tenant = self.e[within].tenant
        name = f"j{len(self.jobs)}"
        fault = Fault("bad", 1517, system_fault=True) if fails and tenant == YOU else None
        try:
            self.e.job(
                name,
                qpu_s,
                within=within,
                prep_s=prep_s,
                tenant=tenant,
                max_execution_s=cap,
                fault=fault,
                overhead_s=2.0,
                parts=parts_of(qpu_s) if known else (),
            )
        except Refused:
            return
        self.jobs.append(name)

    @rule(
        session=st.booleans(),
        max_time_s=st.integers(1, 60),
        needs=st.lists(st.tuples(SECONDS, SECONDS), min_size=2, max_size=8),
    )
    def a_workload_has_more_to_do_than_time(self, session, max_time_s, needs) -> None:
        name = f"w{len(self.workloads)}"
        try:
            (self.e.session if session else self.e.batch)(name, max_time_s)
        except Refused:
            return
        self.workloads.append(name)
        for prep_s, qpu_s in needs:
            job = f"j{len(self.jobs)}"
            try:
                self.e.job(job, qpu_s, within=name, prep_s=prep_s, overhead_s=2.0, parts=parts_of(qpu_s))
            except Refused:
                return
            self.jobs.append(job)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def a_job_is_cancelled(self, data) -> None:
        job = data.draw(st.sampled_from(self.jobs))
        self.e.queue.run_until(self.e.now)
        if self.e.of(job).settled:
            before = len(self.e.scheduler.log)
            with pytest.raises(IllegalTransition):
                self.e.cancel(job)
            assert len(self.e.scheduler.log) == before
        else:
            self.e.cancel(job)

    @precondition(lambda self: self.workloads)
    @rule(data=st.data(), cancels=st.booleans())
    def a_workload_is_ended(self, data, cancels: bool) -> None:
        workload = data.draw(st.sampled_from(self.workloads))
        self.e.queue.run_until(self.e.now)
        if self.e[workload].state == "closed":
            with pytest.raises(IllegalEvent):
                self.e.close(workload)
        elif cancels:
            self.e.cancel(workload)
        else:
            self.e.close(workload)

    @rule(seconds=st.integers(1, 600))
    def a_calibration_is_due(self, seconds: int) -> None:
        self.e.calibrate(seconds)

    @rule(ahead=st.integers(0, 50), lasts=st.integers(1, 200), tenant=st.sampled_from([YOU, "ann"]))
    def time_is_reserved(self, ahead: int, lasts: int, tenant: str) -> None:
        try:
            self.e.reserve(self.e.now + ahead, self.e.now + ahead + lasts, tenant)
        except (Refused, IllegalEvent):
            return

    @invariant()
    def the_invariants_hold(self) -> None:
        if hasattr(self, "e"):
            self.e.scheduler.check_invariants()

    @invariant()
    def no_more_run_and_no_more_are_prepared_than_the_qpu_has_room_for(self) -> None:  # SEMANTICS B3, A28
        if not hasattr(self, "e"):
            return
        running = [job for job in self.jobs if self.e.of(job).status == "RUNNING"]
        assert len(running) <= self.lanes
        assert len(self.begun) <= (self.preparations or self.lanes)
        on_qpu = [job for job in running if self.e.of(job).on_qpu_at is not None]
        assert len(on_qpu) <= 1

    @invariant()
    def every_charged_second_has_a_name(self) -> None:  # SEMANTICS U1-U4
        if hasattr(self, "e"):
            check_parts(self.e)

    @invariant()
    def usage_only_grows(self) -> None:  # SEMANTICS A25
        if not hasattr(self, "e"):
            return
        scheduler = self.e.scheduler
        begin = scheduler.now - scheduler.plan.window_s
        for tenant in (YOU, "ann"):
            outside = sum(
                c.seconds for c in scheduler.charges if c.tenant == tenant and c.billed and c.end <= begin
            )
            used = scheduler.used_s(tenant) + outside
            assert used >= self.used[tenant], f"usage fell from {self.used[tenant]} s to {used} s"
            self.used[tenant] = used

    def teardown(self) -> None:
        if not hasattr(self, "e"):
            return
        self.e.at(self.e.now + 200_000)
        scheduler = self.e.scheduler
        settled = [i.job for out in self.given for i in out if isinstance(i, Settle)]
        assert len(settled) == len(set(settled)), "a job settled twice"
        stuck = [j.id for j in scheduler.jobs.values() if j.state not in SETTLED]
        if scheduler.plan.allowance_s is None and scheduler.plan.cost_limit_s is None:
            assert not stuck, f"{stuck} never ended"
        again, given = rerun(scheduler.log, scheduler.plan)
        assert given == self.given
        again.pass_time(scheduler.now)
        assert {j: again.job(j) for j in again.jobs} == {j: scheduler.job(j) for j in scheduler.jobs}
        assert {w: again.workload(w) for w in again.workloads} == {
            w: scheduler.workload(w) for w in scheduler.workloads
        }
        assert again.charges == scheduler.charges
        assert QPU in scheduler.qpus or not scheduler.jobs


Service.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestService = Service.TestCase
