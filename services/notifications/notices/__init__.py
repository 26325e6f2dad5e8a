"""Notices: the facts that notify, their recipients, and delivery by inbox and mail."""
