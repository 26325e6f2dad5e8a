"""Plumbing: PostgreSQL, JetStream, HTTP. It knows no noun of the domain."""
