"""Owns: offerings with their capacity; matches of a request's line with an offering; who is party to which treaty.
Publishes: ta.matching.offering.*, ta.matching.match.*, ta.matching.treaty_status.*
Listens to: requests, directory, for what is asked, of whom, who may see it, and who was erased.
"""
