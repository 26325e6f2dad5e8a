"""Observations of the review of implementation that a State enters for itself."""
