"""Owns: deliveries of confirmed matches: contacts, agreements, files, messages, sessions, follow-ups, effects; experts.
Publishes: ta.delivery.{delivery,agreement,file,message,session,expert,follow_up,effect}.*
Listens to: matching, directory: confirmed and revoked matches, erased persons.
"""
