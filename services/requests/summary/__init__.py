"""The public summary of a request: a separate text, the only one that the public sees."""
