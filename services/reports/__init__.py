"""Owns: figures about requests, lines, offerings, matches, deliveries, people and money, folded from facts; reports.
Publishes: ta.reports.report.*
Listens to: requests, matching, delivery, pledges, sherloc, directory.
"""
