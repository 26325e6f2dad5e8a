"""Activities that a fund pays for without a State's request."""
