"""Who may see a request, and who has read it."""
