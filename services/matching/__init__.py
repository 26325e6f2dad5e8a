"""Owns: offerings of assistance with their capacity; matches of a request's line with an offering.
Publishes: ta.matching.offering.*, ta.matching.match.*
Listens to: requests, directory, for what is asked, of whom, who may see it, and who was erased.
"""
