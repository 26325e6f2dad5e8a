"""Who is calling: tokens, sign-in, and what the directory says of callers."""
