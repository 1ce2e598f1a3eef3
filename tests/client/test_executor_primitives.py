"""The client-side primitives of IBM's client: what they take that the others don't."""

from __future__ import annotations

import pytest
from qiskit_aer import AerSimulator

from qmode_jupyter import RuntimeService, Session
from qmode_jupyter.client.options import EstimatorOptions, SamplerOptions
from qmode_jupyter.errors import IBMRuntimeError, OptionError
from qmode_jupyter.executor_estimator import Estimator
from qmode_jupyter.executor_sampler import Sampler, SamplerV2
from tests.emulated import ansatz, bell, hamiltonian, refused

VALUES = [0.1] * 16


def test_they_run_as_the_others_do(emulated: RuntimeService, aer: AerSimulator) -> None:
    with Session(backend=aer) as session:
        job = Sampler().run([bell()], shots=100)
        assert set(job.result()[0].data.meas.get_counts()) == {"00", "11"}
        evs = Estimator().run([(ansatz(), hamiltonian(), VALUES)]).result()[0].data.evs
    assert job.session_id == session.session_id
    assert -3.5 <= evs <= 3.5
    assert SamplerV2 is Sampler


def test_the_options_are_replaced_as_a_whole(aer: AerSimulator) -> None:
    sampler = Sampler(mode=aer, options={"default_shots": 10})
    sampler.options.environment.job_tags = ["mine"]
    sampler.options = {"default_shots": 20}
    assert sampler.options == SamplerOptions(default_shots=20)
    assert sampler.run([bell()]).result()[0].data.meas.num_shots == 20
    finalized = sampler.finalize_options()
    finalized.default_shots = 1
    assert sampler.options.default_shots == 20
    with pytest.raises(TypeError, match=r"a dictionary or SamplerOptions, not EstimatorOptions\.$"):
        sampler.options = EstimatorOptions()
    with pytest.raises(TypeError, match="Expected SamplerOptions or dict"):
        sampler.options = None
    with pytest.raises(OptionError, match="did you mean default_shots"):
        sampler.options = {"defaultshots": 3}
    assert sampler.options.default_shots == 20


def test_pubs_of_several_shots_or_precisions_are_refused(aer: AerSimulator) -> None:
    said = refused(lambda: Sampler(aer).run([(bell(), None, 5), (bell(), None, 6)]))
    assert said == "All pubs must have the same number of shots. Found: {5, 6}"
    pub = (ansatz(), hamiltonian(), VALUES)
    said = refused(lambda: Estimator(aer).run([(*pub, 0.1), (*pub, 0.2)]))
    assert said == "All pubs must have the same precision. Found: {0.1, 0.2}"


def test_layers_are_for_a_noise_learner(aer: AerSimulator) -> None:
    for primitive in (Sampler(aer), Estimator(aer)):
        said = refused(lambda one=primitive: one.find_unique_layers([bell()]), IBMRuntimeError)
        assert said.startswith("find_unique_layers finds the layers that a noise learner learns")
