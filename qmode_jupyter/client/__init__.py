"""Floor 3: Qiskit's face, with the names, strings and rules of IBM's client."""
