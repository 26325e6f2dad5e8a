"""Owns: the register of legislation, per State and article; what States contribute to SHERLOC, and its hand-over.
Publishes: ta.sherloc.{legislation,contribution,contribution_export}.*
Listens to: directory: erased persons.
"""
