"""Plumbing: PostgreSQL, JetStream, HTTP. It contains no noun of the domain."""
