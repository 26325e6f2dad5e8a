"""Owns: deliveries: contacts, agreements, files, messages, sessions, results, action points, screenings; experts.
Publishes: ta.delivery.{delivery,agreement,file,message,session,result,action_point,screening,expert}.*
Listens to: matching, requests, directory: confirmed and revoked matches, closed requests, erased persons.
"""
