"""Amounts, currencies and rates of exchange."""
