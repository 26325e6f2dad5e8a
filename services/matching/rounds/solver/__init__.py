"""Allocation rounds: who gets what when there is not enough.

A round takes the open lines and what is left of capacity and budget, and finds a plan: the assignments there are to be.
`problem` is what is asked, `plan` what is answered and the check of it, `solve` finds it, and `child` runs that where
it can be stopped.
"""
