"""Subjects: by which subject of the issuer a person signs in."""
