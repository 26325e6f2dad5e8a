"""Keys: an issuer's public ones, those in files, those an operator gives to sign with."""
