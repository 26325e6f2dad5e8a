"""Notices: which fact notifies whom, by inbox and mail."""
