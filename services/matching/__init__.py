"""Owns: offerings with their capacity; matches of a line with an offering, weights of scores, rounds; treaty status.
Publishes: ta.matching.{offering,offering_translation,line,match,weights,round,treaty_status}.*
Listens to: requests, directory, for what is asked, of whom, who may see it, and who was erased.
"""
