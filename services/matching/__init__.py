"""Owns: offerings with their capacity; matches of a line with an offering, and the weights of scores; treaty status.
Publishes: ta.matching.offering.*, ta.matching.match.*, ta.matching.treaty_status.*, ta.matching.weights.*
Listens to: requests, directory, for what is asked, of whom, who may see it, and who was erased.
"""
