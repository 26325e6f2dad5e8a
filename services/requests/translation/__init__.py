"""Translations of a request's texts, beside their source."""
