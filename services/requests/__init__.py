"""Owns: States' requests for technical assistance, their lines, attachments, consent, fulfilment and history.
Publishes: ta.requests.request.*, ta.requests.attachment.*
Listens to: matching, directory, for what becomes of the matches of a line, and who was erased.
"""
