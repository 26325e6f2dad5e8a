"""Owns: offerings of assistance with their capacity; matches of a request's line with an offering.
Publishes: ta.matching.offering.*, ta.matching.match.*
Listens to: requests, for what is asked, of whom, and who may see it.
"""
