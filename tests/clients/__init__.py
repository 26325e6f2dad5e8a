"""Clients of the API that others' generators make of its document, and programs that use them."""
