"""Infrastructure: PostgreSQL, JetStream, HTTP. Contains no terms of the domain."""
