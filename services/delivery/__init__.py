"""Owns: deliveries, their agreement, files, thread, sessions, screenings, results, action points, effects; experts.
Publishes: ta.delivery.{delivery,agreement,file,message,session,result,action_point,screening,expert,follow_up,effect}.*
Listens to: matching, requests, directory: confirmed and revoked matches, closed requests, erased persons.
"""
