"""Floor 1: the rules of the execution modes, pure (no thread, no clock, no Qiskit, no I/O)."""
