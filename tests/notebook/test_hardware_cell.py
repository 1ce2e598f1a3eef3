"""A cell on a backend of IBM's client: opened, run, ended, shown; a service of ours stands in the cloud's place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.notebook.cells import run, said

pytest.importorskip("qiskit_ibm_runtime")
pytest.importorskip("uvicorn")

#: IBM's client says so of its primitives at the top, since 0.50.
pytestmark = pytest.mark.filterwarnings("ignore:The (Sampler|Estimator)V2 class is deprecated")

CELL = (
    "sampler = Sampler()\n"
    "jobs = [sampler.run([isa], shots=100) for _ in range(3)]\n"
    "counts = [job.result()[0].data.meas.get_counts() for job in jobs]\n"
)


@pytest.fixture(scope="module")
def cloud(loaded: InteractiveShell) -> Iterator[InteractiveShell]:
    """A shell with a backend of IBM's client in `real`, and a circuit for it in `isa`."""
    setup = (
        "from qmode_jupyter import RuntimeService, ibm\nfrom qiskit import transpile\n"
        "cloud = RuntimeService(plan='premium', seed=5)\ntheirs = ibm.service(cloud)\n"
        "real = theirs.backend('ibm_torino')\nisa = transpile(bell, real)\n"
    )
    assert run(loaded, setup)[1] is None
    yield loaded
    loaded.user_ns["cloud"].close()


def test_the_cell_that_was_rehearsed_runs_on_hardware(cloud: InteractiveShell) -> None:
    rehearsed, error = run(cloud, "%%qsession -b fake_torino -o rehearsal\n" + CELL)
    assert error is None, rehearsed.stdout
    shown, error = run(cloud, "%%qsession -b real --yes --name vqe -o report\n" + CELL)
    assert error is None, shown.stdout + shown.stderr
    names = cloud.user_ns
    assert type(names["jobs"][0]).__module__ == "qiskit_ibm_runtime.runtime_job_v2"
    assert all(sum(counts.values()) == 100 for counts in names["counts"])
    assert names["session"].details()["state"] == "closed"
    before, after = names["rehearsal"], names["report"]
    assert [j.state for j in after.jobs] == [j.state for j in before.jobs]
    assert [s for s, _ in after.trace.workloads[0].history] == [
        s for s, _ in before.trace.workloads[0].history
    ]
    assert [j.id for j in after.jobs] == [job.job_id() for job in names["jobs"]]
    (there,) = names["cloud"].trace(after.id).workloads
    assert after.usage_s == pytest.approx(there.usage_s, abs=0.01)
    assert after.usage_s > 0
    assert "ibm_torino is the service at http://127.0.0.1:" in shown.stdout
    assert "By the rehearsal of this cell: usage " in shown.stdout
    assert "session vqe on ibm_torino" in shown.stdout
    assert "3 receipts kept" in shown.stdout
