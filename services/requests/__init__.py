"""Owns: States' requests for technical assistance, their lines, attachments, consent, mails, clocks and history.
Publishes: ta.requests.{request,attachment,translation,public_summary,mail,clock,calendar,criteria}.*
Listens to: matching, directory, for the status of matches and erased persons.
"""
