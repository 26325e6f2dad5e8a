"""Owns: figures about requests, lines, offerings, matches, deliveries, people and money, folded from facts; reports.
Publishes: report drafted, revised, issued, superseded.
Listens to: requests, matching, delivery, pledges, directory.
"""
