"""Yearly reports: to the Conference, and of a State."""
