"""Floor 5: what a person in a notebook or a terminal sees of a runtime."""
