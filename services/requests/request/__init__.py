"""Requests: their statuses, rows, commands and routes."""
