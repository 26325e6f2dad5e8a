"""Owns: States, organizations, people, their appointments, and the subjects by which they sign in.
Publishes: ta.directory.{organization,person,appointment}.*
Listens to: nobody.
"""
