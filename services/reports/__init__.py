"""Owns: figures about requests, lines, offerings, matches, deliveries, people and money, folded from facts alone.
Publishes: none.
Listens to: requests, matching, delivery, pledges, directory.
"""
