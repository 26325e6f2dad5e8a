"""Flows: the ledger's movements as rows, CSV and spreadsheet."""
