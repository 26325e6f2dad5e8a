"""Yearly reports: a list, the page of each with its figures and charts, and its texts."""
