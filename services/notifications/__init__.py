"""Owns: subscriptions, notifications and their deliveries, webhooks.
Publishes: ta.notifications.{subscription,notification,webhook}.*
Listens to: requests, matching, pledges, directory.
"""
