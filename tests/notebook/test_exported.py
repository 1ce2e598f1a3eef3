"""What an export holds: a trace that can be read again, and the results of its jobs."""

from __future__ import annotations

import json
from pathlib import Path

from qmode_jupyter import Batch
from qmode_jupyter.notebook.exported import exported
from qmode_jupyter.scheduler.trace import Trace
from tests.emulated import service
from tests.runtime.store.kept import ideal, submit


def test_it_is_a_trace_and_has_the_results_of_its_jobs_after_a_restart_too(tmp_path: Path) -> None:
    with service(store=tmp_path / "history") as first:
        with Batch(ideal(first), service=first) as batch:
            job = submit(first, batch)
            counts = job.result()[0].data.meas.get_counts()
            hidden = submit(first, batch, environment={"private": True})
            hidden.wait_for_final_state()
        live = exported(first.runtime, str(batch.session_id))
    with service(store=tmp_path / "history", seed=8) as second:
        past = exported(second.runtime.holder(str(batch.session_id)), str(batch.session_id))
    for written in (live, past):
        done, private = written["jobs"]
        assert (done["id"], done["status"]) == (job.job_id(), "DONE")
        meas = {"num_bits": 2, "shape": [], "counts": [counts]}
        assert done["result"] == [{"data": {"meas": meas}, "metadata": {"circuit_metadata": {}}}]
        assert private["result"] is None
        path = tmp_path / "export.json"
        path.write_text(json.dumps(written))
        assert len(Trace.load(path).jobs) == 2
