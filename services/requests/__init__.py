"""Owns: States' requests for technical assistance, their lines, attachments, consent, fulfilment and history.
Publishes: ta.requests.request.*, ta.requests.attachment.*
Listens to: matching, for the status of matches; directory, for erased persons.
"""
