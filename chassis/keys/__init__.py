"""Keys: public keys of issuers, secrets in files, operators' signing keys."""
