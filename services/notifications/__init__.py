"""Owns: who wants to be told where, what each of them is owed, and whether it arrived.
Publishes: ta.notifications.{subscription,notification,webhook}.*
Listens to: requests, matching, pledges, directory.
"""
