"""Funds: what each needs, receives and has to allocate."""
