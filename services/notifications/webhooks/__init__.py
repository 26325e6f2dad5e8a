"""Webhooks: subscriptions, signatures, delivery."""
