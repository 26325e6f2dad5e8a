"""Tests of the reports service, in the layout of the service."""
