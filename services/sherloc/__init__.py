"""Owns: the register of legislation: per State and article, what is known of its law on SHERLOC, and who verified it.
Publishes: ta.sherloc.{legislation,legislation_check,legislation_proposal}.*
Listens to: requests: lines; delivery: completed deliveries; directory: erased persons.
"""
