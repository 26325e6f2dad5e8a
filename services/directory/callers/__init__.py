"""Who may act, as the other services ask for it."""
