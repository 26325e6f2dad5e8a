"""Consents: to whom a State shows a request, until when, and by which note verbale."""
