"""Tests of the sherloc service, laid out as it is."""
