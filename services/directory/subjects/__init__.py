"""Subjects: the issuer's identifiers by which a person signs in."""
