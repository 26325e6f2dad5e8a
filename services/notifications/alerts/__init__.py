"""Alerts: saved filters whose owners are notified of the records that fit."""
