"""Activities that a fund pays for and no State requested."""
