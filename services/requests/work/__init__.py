"""The list of work: the steps that wait for the caller, each with its clock, and the assignees of requests."""
