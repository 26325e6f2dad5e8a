"""Contributions in kind, valued beside the ledger."""
