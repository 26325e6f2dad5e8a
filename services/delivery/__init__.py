"""Owns: deliveries of confirmed matches, with the contacts of both sides, their agreements, files and messages.
Publishes: ta.delivery.{delivery,agreement,file,message}.*
Listens to: matching, directory: confirmed and revoked matches, erased persons.
"""
