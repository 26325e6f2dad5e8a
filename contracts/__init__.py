"""What the services say to each other and to the world: facts, refusals, values and reference data, without I/O."""
