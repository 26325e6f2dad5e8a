"""Owns: deliveries: contacts, agreements, files, messages, sessions, results, action points, screenings, follow-ups,
effects; experts.
Publishes: ta.delivery.{delivery,agreement,file,message,session,result,action_point,screening,expert,follow_up,effect}.*
Listens to: matching, requests, directory: confirmed and revoked matches, closed requests, erased persons.
"""
