"""Owns: deliveries, their agreement, files, thread, sessions, screenings, results, effects; strategies; experts.
Publishes: ta.delivery.{delivery,agreement,file,message,session,result,action_point,screening,expert,follow_up,effect,strategy}.*
Listens to: matching, requests, directory: confirmed and revoked matches, registered, ended and closed requests, erased persons.
"""
