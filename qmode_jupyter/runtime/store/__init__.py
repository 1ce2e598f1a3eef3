"""What is kept when the process has gone: one file for all kernels of a person."""
