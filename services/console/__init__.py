"""Owns: the sessions of people who are signed in to its pages, which it makes from the public API.
Publishes: none.
Listens to: directory.
"""
