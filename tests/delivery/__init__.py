"""Tests of the delivery service, in the layout of the service."""
