"""Yearly reports: a list, one with its figures and charts, and its texts."""
