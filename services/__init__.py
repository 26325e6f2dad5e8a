"""One package per service, each with the same files; `__main__` puts them together."""
