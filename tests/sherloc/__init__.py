"""Tests of the sherloc service, with the same folders as the service."""
