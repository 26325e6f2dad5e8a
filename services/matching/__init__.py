"""Owns: offerings with their capacity; matches, also in joint deliveries, weights of scores, rounds; treaty status.
Publishes: ta.matching.{offering,offering_translation,line,match,joint_delivery,weights,round,treaty_status}.*
Listens to: requests, directory, for what is asked, of whom, who may see it, and who was erased.
"""
