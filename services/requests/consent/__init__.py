"""Consents: to whom a State shows a request, until when, and on which note verbale."""
