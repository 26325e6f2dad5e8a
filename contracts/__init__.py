"""Contracts between services and with clients: facts, refusals, values and reference data. Performs no I/O."""
