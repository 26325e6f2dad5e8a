"""The web console: pages for people, made from the public API with their own token.

Owns: who is signed in, and in which appointment they act
Publishes: nothing
Listens to: directory
"""
