"""Clients that third-party generators make from the API's document, and programs that use them."""
