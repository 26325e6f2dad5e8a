"""Consents of a State to show a request: recipients, periods, and notes verbales."""
