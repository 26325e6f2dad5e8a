"""Mails that came in: the triage box, and replies to notices as messages on requests."""
