"""IBM's client is wired to this machine: nothing of it stays in the environment, nothing goes elsewhere."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2, Session

from qmode_jupyter import RuntimeService, ibm
from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.ibm.server.listening import Server
from qmode_jupyter.runtime.clock import ManualClock
from tests.ibm.circuits import IDEAL, bell

#: An environment that would lead IBM's client anywhere but here.
ASTRAY = {
    "ALL_PROXY": "http://192.0.2.1:3128",
    "GLOBAL_CATALOG_URL": "http://192.0.2.2",
    "GLOBAL_SEARCH_URL": "http://192.0.2.3",
    "HTTPS_PROXY": "http://192.0.2.4:3128",
    "HTTP_PROXY": "http://192.0.2.5:3128",
    "IAM_URL": "http://192.0.2.6",
    "QISKIT_FUNCTIONS_EXPERIMENTAL": "1",
    "QISKIT_IBM_CHANNEL": "ibm_cloud",
    "QISKIT_IBM_INSTANCE": "crn:v1:bluemix:public:quantum-computing:us-east:a/0:1::",
    "QISKIT_IBM_TOKEN": "somebody's own",
    "QISKIT_IBM_URL": "http://192.0.2.7",
    "http_proxy": "http://192.0.2.8:3128",
}

#: A notebook's usual cells, without the line that makes the service.
NOTEBOOK = """
from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import Batch, EstimatorV2, SamplerV2, Session
backend = service.least_busy(min_num_qubits=5)
circuit = QuantumCircuit(2)
circuit.h(0)
circuit.cx(0, 1)
bare = generate_preset_pass_manager(optimization_level=1, backend=backend).run(circuit)
circuit.measure_all()
isa = generate_preset_pass_manager(optimization_level=1, backend=backend).run(circuit)
with Session(backend, max_time="10m") as session:
    sampled = SamplerV2(mode=session).run([isa], shots=1000)
    counts = sampled.result()[0].data.meas.get_counts()
    estimated = EstimatorV2(mode=session).run([(bare, "IIIZZ")])
    estimated.result()
with Batch(backend) as batch:
    jobs = [SamplerV2().run([isa]) for _ in range(2)]
metrics = [job.metrics() for job in jobs]
results = [job.result() for job in jobs]
found = Session.from_id(session.session_id, service).details()
copied = __import__("copy").deepcopy(backend)
copied.status()
"""


@pytest.fixture
def astray(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """An environment, a home and a folder that all point elsewhere."""
    for word, value in ASTRAY.items():
        monkeypatch.setenv(word, value)
    accounts = tmp_path / ".qiskit"
    accounts.mkdir()
    saved = {
        "default-ibm-quantum-platform": {
            "channel": "ibm_quantum_platform",
            "token": "x",
            "url": "http://192.0.2.9",
        }
    }
    (accounts / "qiskit-ibm.json").write_text(json.dumps(saved))
    (tmp_path / "ibm-credentials.env").write_text("GLOBAL_SEARCH_URL=http://192.0.2.10\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return environment()


def environment() -> dict[str, str]:
    """The environment, without what pytest keeps there."""
    return {word: value for word, value in os.environ.items() if not word.startswith("PYTEST")}


def test_whatever_is_in_the_environment_it_comes_here_and_leaves_it_alone(
    astray: dict[str, str], server: Server
) -> None:
    service = ibm.service(server)
    assert environment() == astray
    assert [b.name for b in service.backends()] == ["ibm_small", "ibm_device"]
    scope = {"service": service}
    exec(NOTEBOOK, scope)
    assert sum(scope["counts"].values()) == 1000
    assert scope["found"]["state"] == "closed"
    assert (Path.home() / ".qiskit" / "qiskit-ibm.json").read_text().count("192.0.2.9") == 1
    assert sorted(path.name for path in Path.home().iterdir()) == [".qiskit", "ibm-credentials.env"]


def test_a_copy_of_a_backend_comes_here_too(astray: dict[str, str], server: Server) -> None:
    backend = copy.deepcopy(ibm.service(server).backend("ibm_small"))
    assert backend.status().operational
    assert backend.properties().backend_name == "ibm_small"


def test_the_environment_is_put_back_when_the_client_can_t_be_made(
    astray: dict[str, str], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ibm.connect, "QiskitRuntimeService", refused)
    with pytest.raises(ZeroDivisionError):
        ibm.service(server)
    assert environment() == astray


def test_another_process_comes_here_by_its_environment_alone() -> None:
    script = (
        "from qiskit_ibm_runtime import QiskitRuntimeService\nservice = QiskitRuntimeService()\n" + NOTEBOOK
    )
    script += "print(jobs[-1].job_id(), sum(counts.values()))"
    astray = {word: value for word, value in ASTRAY.items() if "QISKIT_FUNCTIONS" not in word}
    # A service of its own: time does not run ahead while a thread that has submitted does something else.
    backends = {"ibm_small": "fake_manila"}
    with (
        RuntimeService(clock=ManualClock(), seed=3) as emulated,
        ibm.serve(emulated, backends=backends) as server,
    ):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script],
            env=os.environ | astray | ibm.env(server),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        job, shots = done.stdout.split()
        assert (emulated.job(job).status(), shots) == ("DONE", "1000")


#: What runs in a network that has only loopback: a server, and the notebook with IBM's client.
ALONE = (
    """
import socket, sys
sent = []
before = socket.socket.connect
def connect(self, address):
    sent.append(address)
    return before(self, address)
socket.socket.connect = connect
looked_up = []
find = socket.getaddrinfo
def getaddrinfo(host, *rest, **more):
    looked_up.append(host)
    return find(host, *rest, **more)
socket.getaddrinfo = getaddrinfo
from qmode_jupyter import RuntimeService, ibm
emulated = RuntimeService()
server = ibm.serve(emulated, backends={"ibm_small": "fake_manila"})
service = ibm.service(server)
"""
    + NOTEBOOK
    + """
hosts = {address[0] for address in sent if isinstance(address, tuple)}
emulated.close()
assert hosts == {"127.0.0.1"}, hosts
assert {str(host) for host in looked_up} <= {"127.0.0.1"}, looked_up
print("alone", sum(counts.values()))
"""
)


def _alone() -> list[str]:
    """How to run something where there is only loopback, or [] where that is not allowed."""
    command = [
        "unshare",
        "-rn",
        "sh",
        "-c",
        'ip link set lo up 2>/dev/null || ifconfig lo up; exec "$@"',
        "sh",
    ]
    if not shutil.which("unshare") or not (shutil.which("ip") or shutil.which("ifconfig")):
        return []
    tried = subprocess.run([*command, "true"], capture_output=True, check=False, timeout=20)
    return command if tried.returncode == 0 else []


def test_no_packet_goes_to_another_address(tmp_path: Path) -> None:
    alone = _alone()
    if not alone:
        pytest.skip("a network of one's own is not allowed here, or can't be set up: unshare -rn, ip")
    astray = {word: value for word, value in ASTRAY.items() if word != "QISKIT_FUNCTIONS_EXPERIMENTAL"}
    done = subprocess.run(
        [*alone, sys.executable, "-W", "ignore", "-c", ALONE],
        env=os.environ | astray | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["alone", "1000"]


def test_only_loopback_is_ever_connected_to(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ALONE],
        env=os.environ | ASTRAY | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["alone", "1000"]


# ---- servers


def test_one_service_has_one_server_until_that_is_closed() -> None:
    with RuntimeService(clock=ManualClock()) as service:
        first = ibm.service(service)
        again = ibm.service(service)
        assert first._client_params.url == again._client_params.url
        job = SamplerV2(backend := first.backend("generic_19q"), IDEAL).run([bell(backend)], shots=5)
        assert again.job(job.job_id()).result()[0].data.meas.num_shots == 5
        server = ibm.connect._servers[service]
        server.close()
        assert server.closed
        assert repr(server).endswith("closed>")
        assert ibm.service(service)._client_params.url != first._client_params.url


def test_a_server_ends_with_its_service_and_not_the_other_way_round() -> None:
    service = RuntimeService(clock=ManualClock())
    server = ibm.serve(service)
    threads = {t.name for t in threading.enumerate()}
    assert "qmode-server" in threads
    with ibm.serve(service):
        pass
    assert not service.closed
    assert not server.closed
    service.close()
    server.close()
    assert server.closed


def test_what_can_t_be_served_is_refused() -> None:
    with pytest.raises(IBMInputValueError, match="A RuntimeService of qmode_jupyter can be served"):
        ibm.serve("premium")
    with pytest.raises(IBMInputValueError, match="A RuntimeService of qmode_jupyter can be served"):
        ibm.service(QiskitRuntimeService)


def test_time_runs_ahead_only_while_all_who_have_submitted_wait(server: Server, clock: ManualClock) -> None:
    service = ibm.service(server)
    backend = service.backend("ibm_small")
    with Session(backend) as session:
        sampler = SamplerV2(session)
        before = clock.now()
        job = sampler.run([bell(backend)])
        assert clock.now() == before
        job.result()
        assert clock.now() > before + 2


def test_the_thread_that_waits_is_known_in_this_process(server: Server, emulated: RuntimeService) -> None:
    """Jobs of our own and of the client's, submitted by one thread: each wait lets the clock run."""
    from qmode_jupyter import SamplerV2 as OurSampler

    ours = OurSampler(emulated.backend("ibm_small"))
    theirs = SamplerV2(backend := ibm.service(server).backend("ibm_small"))
    circuit = bell(backend)
    for _ in range(2):
        assert ours.run([circuit]).result(timeout=100) is not None
        assert theirs.run([circuit]).result(timeout=20) is not None
    record = emulated.jobs(limit=1)[0].record()
    awaited = [job.record() for job in emulated.jobs(limit=2)][1]
    assert record.awaited == (awaited.id,)
    assert record.submitter == awaited.submitter
