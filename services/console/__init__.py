"""The web console: pages for people, made from the public API with their own token.

Owns: sessions. Publishes: nothing. Listens to: directory.
"""
