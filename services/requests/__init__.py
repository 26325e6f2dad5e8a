"""Owns: States' requests for technical assistance, their lines, attachments, consent, fulfilment and history.
Publishes: ta.requests.{request,attachment,translation,public_summary}.*
Listens to: matching, directory, for the status of matches and erased persons.
"""
