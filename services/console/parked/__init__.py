"""Events that a service could not apply, and messages in quarantine."""
