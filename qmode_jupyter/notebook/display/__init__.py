"""What a notebook shows while a cell runs and after it."""
