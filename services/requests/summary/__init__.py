"""The public summary of a request: a text of its own, the only one that the public sees."""
