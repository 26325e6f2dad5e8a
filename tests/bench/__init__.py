"""What the project measures itself by: ratios of things run in turns on one machine, never a time alone."""
