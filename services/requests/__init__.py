"""Owns: States' requests for technical assistance, their lines, attachments, consent, mails, fulfilment and history.
Publishes: ta.requests.request.*, ta.requests.attachment.*, ta.requests.mail.*
Listens to: matching, directory, for the status of matches and erased persons.
"""
