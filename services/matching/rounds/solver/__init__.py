"""Solver of allocation rounds: allocate scarce offerings to lines.

`problem` is the input, `plan` the output and its check, `solve` the search, and `child` runs it in a process that can
be stopped.
"""
