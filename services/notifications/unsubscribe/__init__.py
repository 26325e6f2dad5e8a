"""Unsubscribing by the link in a mail (RFC 8058), without signing in."""
