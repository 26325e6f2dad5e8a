"""Proposals, which one finance officer makes and another approves."""
