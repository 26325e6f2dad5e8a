"""Owns: subscriptions, alerts, notifications and their deliveries, webhooks.
Publishes: ta.notifications.{subscription,alert,hit,notification,webhook}.*
Listens to: requests, matching, pledges, directory.
"""
