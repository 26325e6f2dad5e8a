"""Proposals: what one finance officer proposes and another approves."""
