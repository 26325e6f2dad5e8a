"""Owns: deliveries of confirmed matches: contacts, agreements, files, messages, sessions with participants; experts.
Publishes: ta.delivery.{delivery,agreement,file,message,session,expert}.*
Listens to: matching, directory: confirmed and revoked matches, erased persons.
"""
