"""Floor 1: PUBs in, results out. Worker processes, Aer, noise, durations; it knows nothing of sessions."""
