"""Offerings: their states, rows, capacity, commands and routes."""
