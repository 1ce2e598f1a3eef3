"""Every figure of the README, measured again: ``python -m benchmarks``.

Each module has one function `rows()` that measures and returns the rows of the table.
"""
