"""Owns: offerings with their capacity; matches of a line with an offering; rounds; who is party to which treaty.
Publishes: ta.matching.offering.*, ta.matching.match.*, ta.matching.round.*, ta.matching.treaty_status.*
Listens to: requests, directory, for what is asked, of whom, who may see it, and who was erased.
"""
