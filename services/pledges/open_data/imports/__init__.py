"""Imports of flows that others reported, kept beside the ledger."""
