"""Alerts: saved filters of which their owners are notified."""
