"""Subjects: an issuer's identifiers by which a person signs in."""
