"""Lines of requests, as known from the facts of the requests service."""
