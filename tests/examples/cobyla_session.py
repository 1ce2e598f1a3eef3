# As people write it: no __main__ guard.
import numpy as np
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from scipy.optimize import minimize

from qmode_jupyter import EstimatorV2 as Estimator
from qmode_jupyter import RuntimeService, Session

service = RuntimeService(seed=1)
backend = service.backend("generic_19q")
hamiltonian = SparsePauliOp.from_list([("ZZII", 1.0), ("IZZI", 1.0), ("IIZZ", 1.0), ("XIII", 0.5)])
ansatz = generate_preset_pass_manager(backend=backend, optimization_level=1, seed_transpiler=7).run(
    efficient_su2(4, reps=1)
)
hamiltonian = hamiltonian.apply_layout(ansatz.layout)


def cost_func(params, ansatz, hamiltonian, estimator):
    return float(estimator.run([(ansatz, hamiltonian, params)]).result()[0].data.evs)


x0 = 2 * np.pi * np.random.default_rng(3).random(ansatz.num_parameters)
session = Session(backend=backend)
estimator = Estimator(mode=session, options={"shots": 1000, "simulator": {"seed_simulator": 5}})
res = minimize(cost_func, x0, args=(ansatz, hamiltonian, estimator), method="cobyla", options={"maxiter": 20})
session.close()
print("session", session.status(), res.nfev, "jobs, energy", round(res.fun, 6))
