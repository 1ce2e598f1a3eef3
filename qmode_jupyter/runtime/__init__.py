"""Floor 2: the rules made real. Time, processes, simulation and results."""
