"""The list of work: what waits for the caller, by which clock; and who is in charge of a request."""
