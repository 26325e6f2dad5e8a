"""Owns: States, organizations, people, their appointments, the subjects by which they sign in, and API clients.
Publishes: ta.directory.{organization,person,appointment,client}.*
Listens to: none.
"""
