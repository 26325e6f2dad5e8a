"""Owns: subscriptions, alerts, notifications and their deliveries, webhooks.
Publishes: ta.notifications.{subscription,alert,hit,digest,notification,webhook}.*
Listens to: requests, matching, pledges, delivery, sherloc, directory.
"""
