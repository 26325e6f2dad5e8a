"""Owns: States' requests for technical assistance, their lines, circulation consent, fulfilment and history.
Publishes: ta.requests.request.*
Listens to: matching, for what becomes of the matches of a line.
"""
