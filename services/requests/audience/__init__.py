"""Who sees a request, and who has read it."""
