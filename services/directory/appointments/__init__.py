"""Appointments: who acts for which organization, in which role."""
