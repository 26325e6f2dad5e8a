"""Imported flows: what others reported, kept beside the ledger."""
