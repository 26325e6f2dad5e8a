"""Owns: States' requests for technical assistance, their lines, attachments, consent, mails, clocks and history.
Publishes: ta.requests.{request,attachment,translation,public_summary,mail,clock,calendar,criteria}.*
Listens to: matching, delivery, directory, for the status of matches, completions and erased persons.
"""
