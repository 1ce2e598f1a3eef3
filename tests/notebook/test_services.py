"""Which service a cell gets, and what a word names on the services in use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.error import UsageError

from qmode_jupyter import Batch, RuntimeService, SamplerV2
from qmode_jupyter.notebook.services import Services
from qmode_jupyter.scheduler.records import Mode
from tests.emulated import bell


@pytest.fixture
def services() -> Iterator[Services]:
    some = Services()
    yield some
    some.close()


def refused(call: Any) -> str:
    with pytest.raises(UsageError) as caught:
        call()
    return str(caught.value)


def test_the_newest_of_nothing_is_told_how_to_begin() -> None:
    services = Services()
    services.choose({"seed": 7})
    try:
        with pytest.raises(UsageError, match=r"^Nothing has run yet: put %%qsession above a cell .*\.$"):
            services.latest()
    finally:
        services.close()


def test_the_same_settings_are_the_same_service_until_it_is_closed(services: Services) -> None:
    first = services.choose({"seed": 7})
    other = services.choose({"seed": 8})
    assert services.choose({"seed": 7}) is first is not other
    assert services.open == (first, other)  # that of the last cell first
    first.close()
    assert services.choose({"seed": 7}) is not first
    assert first not in services.open


def test_whoever_follows_hears_of_each_choice() -> None:
    followed: list[RuntimeService] = []
    services = Services(followed.append)
    try:
        chosen = [services.choose({"seed": 7}), services.choose({"seed": 8}), services.choose({"seed": 7})]
        assert followed == chosen
    finally:
        services.close()


def test_what_is_closed_is_not_looked_at_any_more() -> None:
    services = Services()
    one = services.choose({"seed": 7})
    services.close()
    assert one.closed


def test_a_setting_that_can_t_be_is_said_in_one_line(services: Services) -> None:
    assert refused(lambda: services.choose({"load": 3.0})).endswith("Nothing was run.")


def test_a_backend_is_a_variable_or_a_name(services: Services) -> None:
    one = services.choose({"seed": 7})
    mine = one.backend("generic_19q")
    assert services.backend("mine", one, {"mine": mine}) is mine
    assert services.backend("aer_simulator", one, {}).name == "aer_simulator"
    assert services.backend(None, one, {}) is one.backend()
    assert "holds a int" in refused(lambda: services.backend("x", one, {"x": 3}))
    assert "Did you mean 'mine'?" in refused(lambda: services.backend("mien", one, {"mine": mine}))


def test_a_word_is_an_id_its_beginning_or_a_name(services: Services) -> None:
    one = services.choose({"seed": 7})
    batch = Batch(one.backend("aer_simulator"), name="scan")
    job = SamplerV2(batch).run([bell()], shots=10).job_id()
    batch.close()
    workload = str(batch.session_id)
    assert (
        services.find(workload)
        == services.find("scan")
        == services.find(workload[:8])
        == (one.runtime, workload)
    )
    assert services.find(job[:6]) == (one.runtime, job)
    assert services.latest() == (one.runtime, workload)
    assert "Did you mean 'scan'?" in refused(lambda: services.find("scna"))
    assert "is the beginning of 2 ids" in refused(lambda: services.find(""))


def test_a_batch_that_was_left_open_is_gone_on_with_if_it_fits(services: Services) -> None:
    one = services.choose({"seed": 7})
    backend = one.backend("aer_simulator")
    services.kept = batch = Batch(backend)
    assert services.kept_open(Mode.BATCH, one, backend) is batch
    assert services.kept_open(Mode.SESSION, one, backend) is None
    assert services.kept_open(Mode.BATCH, one, one.backend("generic_19q")) is None
    assert services.kept_open(Mode.BATCH, services.choose({"seed": 8}), backend) is None
    batch.close()
    assert services.kept_open(Mode.BATCH, one, backend) is None
