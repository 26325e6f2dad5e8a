"""Owns: States' requests for technical assistance, their lines, circulation consent, fulfilment and history.
Publishes: ta.requests.request.*
Listens to: matching, directory, for what becomes of the matches of a line, and who was erased.
"""
