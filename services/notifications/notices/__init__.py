"""Notices: who is notified of which fact, by inbox and mail."""
