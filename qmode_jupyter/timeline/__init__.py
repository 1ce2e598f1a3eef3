"""Floor 4: a trace as a matplotlib figure."""
