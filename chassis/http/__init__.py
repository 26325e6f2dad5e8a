"""HTTP: the application, limits before parsing, bodies, queries, problems, event streams."""
