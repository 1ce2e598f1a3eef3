"""How much longer a person waits for a prompt because of ``%load_ext qmode_jupyter``.

IPython is started with and without it, in turn, and says when the next statement runs.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks.rows import Row, at_most, reported

_ROUNDS = 9
_LOAD = "%load_ext qmode_jupyter\n"
_READY = "import time; print(time.time(), flush=True)\n"
#: A person's first cell: what it imports, and a second of writing.
_FIRST_JOB = """
import threading, time
from qmode_jupyter import SamplerV2, default_service
from qiskit import QuantumCircuit
backend = default_service().backend("aer_simulator")
bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
bell.measure_all()
threading.Event().wait(1.0)
for _ in range(5):
    begin = time.perf_counter()
    SamplerV2(mode=backend).run([bell]).result()
    print(time.perf_counter() - begin)
"""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="qmode-bench-") as folder:
        environment = {**os.environ, "IPYTHONDIR": folder}
        _started("", environment)
        _started(_LOAD, environment)
        plain, loaded = [], []
        for _ in range(_ROUNDS):
            plain.append(_started("", environment))
            loaded.append(_started(_LOAD, environment))
        first = [float(line) for line in _output(_LOAD + _FIRST_JOB, environment).split()]
    (plain_s, plain_end_s), (loaded_s, loaded_end_s) = (
        [statistics.median(column) for column in zip(*runs, strict=True)] for runs in (plain, loaded)
    )
    return [
        at_most(
            "%load_ext: the next statement runs later than in plain IPython",
            loaded_s - plain_s,
            "s",
            0.15,
            f"after {loaded_s:.2f} s, plain {plain_s:.2f} s; with the end of all processes, of those that "
            f"simulate too, {loaded_end_s:.2f} s, plain {plain_end_s:.2f} s",
        ),
        reported(
            "first job, a second after the imports of the first cell",
            first[0] * 1e3,
            "ms",
            f"later ones {statistics.median(first[1:]) * 1e3:.1f} ms",
        ),
    ]


def _started(load: str, environment: dict[str, str]) -> tuple[float, float]:
    """Return the seconds until IPython is ready, and until it has ended."""
    begin = time.time()
    # The line is the first: a process that simulates, and that is ended while it starts, may say so after it.
    ready = _output(load + _READY, environment).split()[0]
    return float(ready) - begin, time.time() - begin


def _output(code: str, environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout
