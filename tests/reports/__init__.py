"""Tests of the reports service, laid out as it is."""
