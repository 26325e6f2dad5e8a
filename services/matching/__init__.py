"""Owns: offerings with their capacity; matches, also in joint deliveries and packages, weights, rounds; treaty status.
Publishes: ta.matching.{offering,offering_translation,line,match,joint_delivery,package,weights,round,treaty_status}.*
Listens to: requests, delivery, directory, for requests and their consents, deliveries, and erased persons.
"""
