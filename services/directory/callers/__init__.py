"""The appointments in force, for the other services."""
