"""Benchmarks of the project: ratios of things run by turns on one machine, never a time alone."""
