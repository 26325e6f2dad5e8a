"""Requests: their states, rows, commands and routes."""
