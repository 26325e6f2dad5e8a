"""Owns: deliveries of confirmed matches, with the contacts of both sides.
Publishes: ta.delivery.delivery.*
Listens to: matching, directory: confirmed and revoked matches, erased persons.
"""
