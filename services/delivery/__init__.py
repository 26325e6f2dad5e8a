"""Owns: deliveries of matches: contacts, agreements, files, messages, sessions, results, action points; experts.
Publishes: ta.delivery.{delivery,agreement,file,message,session,result,action_point,expert}.*
Listens to: matching, requests, directory: confirmed and revoked matches, closed requests, erased persons.
"""
