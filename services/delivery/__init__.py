"""Owns: deliveries of confirmed matches, with the contacts of both sides, and their agreements.
Publishes: ta.delivery.{delivery,agreement}.*
Listens to: matching, directory: confirmed and revoked matches, erased persons.
"""
