"""One service for each account, and the default one (SEMANTICS A29)."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from qiskit_aer import AerSimulator

from qmode_jupyter import RuntimeService, SamplerV2, default_service
from qmode_jupyter.client.open_services import OpenServices
from qmode_jupyter.client.service import belongs, service_of
from qmode_jupyter.errors import (
    QmodeWarning,
)
from qmode_jupyter.runtime.clock import ManualClock
from tests.emulated import bell, service


def test_made_again_with_the_same_settings_it_is_the_same_account() -> None:
    """SEMANTICS A29."""
    clock = ManualClock()
    with service(clock=clock) as one:
        job = SamplerV2(one.backend("aer_simulator")).run([bell()], shots=1)
        job.result()
        with service(clock=clock) as again:
            assert again is one
            assert [found.job_id() for found in again.jobs()] == [job.job_id()]
            assert again.usage() == one.usage()
        assert not one.closed
        for other in (
            {"clock": ManualClock()},
            {"clock": clock, "instance": "b"},
            {"clock": clock, "plan": "flex"},
        ):
            with service(**other) as different:
                assert different is not one
                assert different.jobs() == []
        with service(clock=clock, plan="Premium", seed=np.int64(7)) as spelt:
            assert spelt is one
    assert one.closed
    with service(clock=clock) as later:
        assert later is not one
        assert later.jobs() == []


def test_threads_that_make_it_at_once_get_one() -> None:
    clock, found, start = ManualClock(), [], threading.Barrier(6)

    def make() -> None:
        start.wait(10)
        found.append(service(clock=clock))

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 6
    assert len(set(map(id, found))) == 1
    found[0].close()


def test_one_who_asks_for_what_there_is_not_has_made_nothing() -> None:
    clock = ManualClock()
    with service(clock=clock) as one, pytest.raises(TypeError, match="no argument 'chanel'"):
        service(clock=clock, chanel="ibm_cloud")
    assert one.closed


def test_the_end_of_a_with_does_not_break_what_runs_for_others() -> None:
    clock = ManualClock()
    one = service(clock=clock)
    job = SamplerV2(one.backend("aer_simulator")).run([bell()], shots=5)
    with pytest.raises(ZeroDivisionError), service(clock=clock):
        raise ZeroDivisionError
    assert job.result()[0].data.meas.num_shots == 5
    one.close()
    assert one.closed


def test_a_close_that_takes_work_from_others_says_so() -> None:
    clock = ManualClock()
    one, other = service(clock=clock), service(clock=clock)
    SamplerV2(one.backend("aer_simulator")).run([bell()], shots=5)
    with pytest.warns(QmodeWarning, match="1 job that had not ended went with the service: it was made 2 ti"):
        other.close()
    assert one.closed


def test_the_default_service_is_the_account_with_the_default_settings() -> None:
    with RuntimeService() as one:
        assert default_service() is one
    assert not one.closed
    default_service().close()
    assert one.closed


def test_there_is_one_default_service_and_after_its_close_a_new_one() -> None:
    found: list[RuntimeService] = []
    threads = [threading.Thread(target=lambda: found.append(default_service())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1
    mine = AerSimulator()
    assert service_of(mine) is found[0]
    assert not belongs(mine)
    found[0].close()
    assert default_service() is not found[0]
    assert not default_service().closed


class Service:
    """What a service is to those who keep it."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


def test_a_service_counts_its_makers_until_the_last_has_left() -> None:
    known: OpenServices[Service] = OpenServices()
    assert known.get("account") is None
    one = known.add("account", Service())
    assert known.get("account") is one
    assert known.makers(one) == 1
    known.add("account", one)
    assert known.makers(one) == 2
    assert [known.leave(one), known.leave(one)] == [False, True]


def test_a_closed_service_is_nobodys_any_more() -> None:
    known: OpenServices[Service] = OpenServices()
    one = known.add("account", Service())
    one.close()
    assert known.get("account") is None
    another = known.add("account", Service())
    known.remove(one)  # it is not the one that is kept
    assert known.get("account") is another
    known.remove(another)
    assert known.get("account") is None
    assert known.leave(another)


def test_closing_all_closes_the_default_one_too() -> None:
    known: OpenServices[Service] = OpenServices()
    default, other = known.default(Service), known.add("account", Service())
    assert known.default(Service) is default
    known.close()
    assert default.closed
    assert other.closed
    assert known.default(Service) is not default


def test_a_class_of_somebodys_own_is_made_each_time_and_owns_its_backends() -> None:
    class Mine(RuntimeService):
        def __init__(self, name: str) -> None:
            super().__init__(seed=1, clock=ManualClock())
            self.name = name

    with Mine("a") as one, Mine("a") as other:
        assert other is not one
        backend = one.backend("aer_simulator")
        assert backend.service is one
        assert SamplerV2(backend).run([bell()], shots=3).result()[0].data.meas.num_shots == 3
    assert (one.closed, other.closed) == (True, True)
