"""Donors' statements, as data and as PDF."""
