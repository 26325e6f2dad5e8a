"""Owns: funds, pledges, the ledger and its years, rates, requirements, allocations, activities, imports, gifts in kind.
Publishes: ta.pledges.{fund,rate_table,pledge,requirement,allocation,activity,proposal,period,import,in_kind_contribution}.*
Listens to: matching, delivery, directory: confirmed and revoked matches, packages, results, erased persons.
"""
