"""Incoming mails: the triage box, and replies to notices as messages on requests."""
