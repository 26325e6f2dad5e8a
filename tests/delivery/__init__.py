"""Tests of the delivery service, laid out as it is."""
