"""Owns: deliveries of confirmed matches: contacts, agreements, files, messages, sessions, follow-ups; experts.
Publishes: ta.delivery.{delivery,agreement,file,message,session,expert,follow_up}.*
Listens to: matching, directory: confirmed and revoked matches, erased persons.
"""
