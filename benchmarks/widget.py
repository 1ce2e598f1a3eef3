"""What a session of 1,000 jobs sends to the pages of a notebook: messages and bytes on the wire.

A real kernel runs a `%%qsession` cell; its output socket is read raw. Counted is every message of a comm,
which is how the live widget and the labextension hear of changes, with all its frames. Not counted is what
builds the cell's output: the widget's opening with its code, the still picture and the timeline at the end.
"""

from __future__ import annotations

import json
import subprocess
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from benchmarks.rows import Row, at_most

JOBS = 1_000
MESSAGES_PER_S, BYTES_PER_S = 10.0, 20_000.0
#: A cell that takes longer than this has gone wrong.
_PATIENCE_S = 120.0
_PREPARE = """
%load_ext qmode_jupyter
from qiskit import QuantumCircuit
circuit = QuantumCircuit(2)
circuit.h(0)
circuit.cx(0, 1)
circuit.measure_all()
"""
_CELL = f"""%%qsession --backend aer_simulator {{speed}}
sampler = Sampler()
jobs = [sampler.run([circuit]) for _ in range({JOBS})]
for job in jobs:
    job.result()
"""
#: As fast as it goes; and slow enough to be watched for some time.
_SPEEDS = {"as fast as it goes": "", "at 400 emulated seconds a second": "--speed 400"}


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as it left the kernel."""

    at_s: float
    kind: str
    size: int


def rows() -> list[Row]:
    sent = {name: _watched(speed) for name, speed in _SPEEDS.items()}
    counts = {name: _busiest([(each.at_s, 1) for each in messages]) for name, messages in sent.items()}
    sizes = {name: _busiest([(each.at_s, each.size) for each in messages]) for name, messages in sent.items()}
    totals = "; ".join(
        f"{name}: {len(messages)} messages and {sum(each.size for each in messages) / 1e3:,.0f} kB"
        f" in {messages[-1].at_s - messages[0].at_s:.1f} s"
        for name, messages in sent.items()
    )
    return [
        at_most(
            f"messages to the page in the busiest second of a session of {JOBS:,} jobs",
            max(counts.values()),
            "",
            MESSAGES_PER_S,
            totals,
        ),
        at_most(
            f"bytes to the page in the busiest second of a session of {JOBS:,} jobs",
            max(sizes.values()) / 1e3,
            "kB",
            BYTES_PER_S / 1e3,
            "; ".join(f"{name}: {size / 1e3:.1f} kB" for name, size in sizes.items()),
        ),
    ]


def _watched(speed: str) -> list[Sent]:
    """Run the cell in a kernel of its own and return the messages of its comms."""
    manager, client = start_new_kernel(stderr=subprocess.DEVNULL)
    try:
        _run(client, _PREPARE)
        socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        with socket:
            socket.connect(f"tcp://{manager.ip}:{manager.iopub_port}")
            socket.subscribe(b"")
            # The first that is heard shows that the subscription has reached the kernel.
            while not socket.poll(50):
                client.kernel_info()
            heard = _heard(socket, client, _CELL.format(speed=speed))
            return [message for message in heard if message.kind == "comm_msg"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _run(client: BlockingKernelClient, code: str) -> None:
    reply = client.execute_interactive(code, timeout=_PATIENCE_S, output_hook=lambda _: None)["content"]
    if reply["status"] != "ok":
        raise RuntimeError(f"{reply['ename']}: {reply['evalue']}")


def _heard(socket: zmq.Socket[bytes], client: BlockingKernelClient, code: str) -> list[Sent]:
    """Execute a cell and return all that the kernel publishes until it is idle again."""
    request = client.execute(code)
    messages = []
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if not socket.poll(1000):
            continue
        frames = socket.recv_multipart()
        _, header, parent, _, content = frames[frames.index(b"<IDS|MSG>") + 1 :][:5]
        kind = json.loads(header)["msg_type"]
        messages.append(Sent(time.monotonic(), kind, sum(map(len, frames))))
        if kind == "error":
            raise RuntimeError(json.loads(content)["evalue"])
        if json.loads(parent).get("msg_id") == request and content == b'{"execution_state":"idle"}':
            return messages
    raise TimeoutError(f"the cell has not ended after {_PATIENCE_S:g} s")


def _busiest(weights: Sequence[tuple[float, int]]) -> float:
    """Return the most that any stretch of one second holds."""
    times = [at for at, _ in weights]
    ends = [bisect_left(times, at + 1.0) for at in times]
    return max((sum(weight for _, weight in weights[n:end]) for n, end in enumerate(ends)), default=0.0)
