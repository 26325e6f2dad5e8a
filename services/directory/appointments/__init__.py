"""Appointments of people in organizations, each in one role."""
