"""What a job costs on a QPU, part by part: pure, without Qiskit, threads or I/O.

`work` says what a job asks of a QPU, `processors` and `constants` what that takes, `model` puts them
together. Fitted to what real jobs were charged (SEMANTICS A26); ``python -m benchmarks.receipts``
shows how well.
"""
