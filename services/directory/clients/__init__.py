"""API clients: machines that act for an organization, and their tokens."""
