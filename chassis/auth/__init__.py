"""Authentication: tokens, sign-in, and the callers known to the directory."""
