"""Names to backends."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings

import pytest
from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager

from qmode_jupyter.errors import BackendNotFoundError
from qmode_jupyter.runtime import backends
from qmode_jupyter.runtime.backends import DEFAULT_BACKEND, backend_names, find_backend


def test_the_default_is_a_device_with_noise_and_durations():
    backend = find_backend(DEFAULT_BACKEND)
    assert (backend.name, backend.num_qubits) == ("generic_19q", 19)
    for name in ("sx", "x", "cx", "measure", "reset"):
        for properties in backend.target[name].values():
            assert properties.duration > 0
    assert all(0 < p.error < 0.1 for p in backend.target["cx"].values())
    assert all(q.t1 > 0 and q.t2 > 0 for q in backend.target.qubit_properties)


def test_the_default_is_the_same_at_every_start():
    one, other = (find_backend(DEFAULT_BACKEND).target for _ in range(2))
    assert [str(p) for p in one["cx"].values()] == [str(p) for p in other["cx"].values()]


def test_a_circuit_for_the_default_has_a_duration():
    backend = find_backend(DEFAULT_BACKEND)
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    isa = generate_preset_pass_manager(1, backend).run(circuit)
    assert 1e-6 < isa.estimate_duration(backend.target, unit="s") < 1e-5


def test_aer_is_there():
    assert find_backend("aer_simulator").name == "aer_simulator"


def test_every_snapshot_of_ibm_s_package_is_found_by_its_own_name():
    fake_provider = pytest.importorskip("qiskit_ibm_runtime.fake_provider")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some snapshots warn that their figures are not typical
        theirs = {backend.name for backend in fake_provider.FakeProviderForBackendV2().backends()}
    assert theirs == {name for name in backend_names() if name.startswith("fake_")}
    assert find_backend("fake_manila").num_qubits == 5


def test_a_device_of_ibm_s_is_its_snapshot_under_the_name_that_ibm_published():
    pytest.importorskip("qiskit_ibm_runtime")
    fez, snapshot = find_backend("ibm_fez"), find_backend("fake_fez")
    assert (fez.name, fez.configuration().backend_name, fez.properties().backend_name) == ("ibm_fez",) * 3
    assert snapshot.name == snapshot.configuration().backend_name == "fake_fez"
    assert str(fez.target["cz"]) == str(snapshot.target["cz"])
    assert [backends.snapshot_of(name) for name in ("ibm_fez", "ibmq_manila", "fake_fez", "ibm_nowhere")] == [
        "fake_fez",
        "fake_manila",
        None,
        None,
    ]
    copy = pickle.loads(pickle.dumps(fez))
    assert (copy.name, copy.num_qubits) == ("ibm_fez", 156)


def test_a_snapshot_is_offered_once():
    pytest.importorskip("qiskit_ibm_runtime")
    offered = backends.offered_names()
    assert len(set(offered)) == len(offered)
    assert set(offered) < set(backend_names())
    fakes = {name for name in backend_names() if name.startswith("fake_")}
    named = {backends.snapshot_of(name) for name in offered} - {None}
    assert named | {name for name in offered if name.startswith("fake_")} == fakes
    assert not named & set(offered)


def test_names_are_listed_without_importing_anything_heavy():
    script = (
        "import sys; from qmode_jupyter.runtime.backends import backend_names; print(backend_names()[0],"
        " [m for m in ('qiskit', 'qiskit_aer', 'qiskit_ibm_runtime', 'numpy') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "generic_19q []"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("generic_19", "generic_19q"),
        ("aersimulator", "aer_simulator"),
        ("fake_manilla", "fake_manila"),
        ("ibm_fezz", "ibm_fez"),
    ],
)
def test_an_unknown_name_gets_the_nearest(name, nearest):
    with pytest.raises(BackendNotFoundError, match=f"no backend '{name}'. Did you mean '{nearest}'\\?"):
        find_backend(name)


def test_a_name_near_to_none_gets_the_kinds_that_there_are():
    with pytest.raises(BackendNotFoundError, match="There are generic_19q, aer_simulator and"):
        find_backend("zzz")


def test_without_ibm_s_package_a_snapshot_s_name_says_what_to_install(monkeypatch):
    monkeypatch.setattr(backends, "_snapshot_folder", lambda: None)
    monkeypatch.setattr(backends, "_snapshots", dict)
    monkeypatch.setattr(backends, "_devices", dict)
    assert backend_names() == ("generic_19q", "aer_simulator")
    with pytest.raises(BackendNotFoundError, match=r'pip install "qmode_jupyter\[ibm\]"'):
        find_backend("fake_fez")
    with pytest.raises(BackendNotFoundError, match=r'pip install "qmode_jupyter\[ibm\]"'):
        find_backend("ibm_fez")
