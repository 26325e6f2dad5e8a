"""Funds: requirements, income, and money that can be allocated."""
