# As people write it: no __main__ guard.
from qiskit.circuit.random import random_circuit
from qiskit.transpiler.preset_passmanagers import generate_preset_pass_manager

from qmode_jupyter import Batch, RuntimeService
from qmode_jupyter import SamplerV2 as Sampler

service = RuntimeService(seed=1)
backend = service.backend("generic_19q")
pm = generate_preset_pass_manager(backend=backend, optimization_level=1, seed_transpiler=7)

circuits = [pm.run(random_circuit(3, 2, measure=True, seed=n)) for n in range(50)]
max_circuits = 10
partitions = [circuits[i : i + max_circuits] for i in range(0, len(circuits), max_circuits)]

with Batch(backend=backend) as batch:
    sampler = Sampler(options={"simulator": {"seed_simulator": 5}})
    jobs = [sampler.run(partition) for partition in partitions]
    counts = [job.result()[0].data.c.get_counts() for job in jobs]

print("batch", batch.status(), len(jobs), "jobs", [sorted(c.items()) for c in counts])
