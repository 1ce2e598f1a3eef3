"""A job's `params` on the way in."""

from __future__ import annotations

import copy

import pytest

from qmode_jupyter import RuntimeService
from qmode_jupyter.ibm.server.listening import Server
from qmode_jupyter.ibm.server.programs import read, revived
from qmode_jupyter.ibm.server.refusals import Refusal, UnreadableCircuit
from tests.ibm.server.bodies import job


@pytest.mark.parametrize("learner", ["noise-learner", "noise-learner-v3"])
def test_the_noise_learner_is_refused_in_one_line(
    server: Server, emulated: RuntimeService, learner: str
) -> None:
    with pytest.raises(Refusal, match=rf"^The program {learner} is not emulated: [^\n]+$") as caught:
        read(learner, {}, emulated, server.backend("ibm_small"), dry_run=False)
    assert caught.value.status == 404


def test_an_option_that_there_is_none_of_is_refused_by_its_name(
    server: Server, emulated: RuntimeService
) -> None:
    params = job()["params"] | {"options": {"dynamical_decoupled": {}}}
    with pytest.raises(Refusal, match="dynamical_decoupled") as caught:
        read("sampler", params, emulated, server.backend("ibm_small"), dry_run=False)
    assert (caught.value.status, caught.value.code) == (400, 1208)


def test_a_circuit_is_read_once() -> None:
    sent, *_ = job()["params"]["pubs"][0]  # another circuit made alike has a name of its own
    assert revived(sent) is revived(copy.deepcopy(sent))


def test_what_can_t_be_read_is_one_line() -> None:
    with pytest.raises(UnreadableCircuit, match=r"^What the job was given can't be read: [^\n]+$"):
        revived({"__type__": "QuantumCircuit", "__value__": "bm9uc2Vuc2U="})
