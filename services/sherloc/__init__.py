"""Owns: the register of legislation: per State and article, what is known of its law on SHERLOC, and who verified it;
what States contribute to SHERLOC, and its hand-over to the portal.
Publishes: ta.sherloc.{legislation,contribution,contribution_export}.*
Listens to: directory: erased persons.
"""
