"""Owns: funds, pledges, the ledger and its years, proposals, rates, requirements, allocations, imports, gifts in kind.
Publishes: ta.pledges.{fund,rate_table,pledge,requirement,allocation,proposal,period,import,in_kind_contribution}.*
Listens to: matching, directory, for matches that need money and those that are revoked, and who was erased.
"""
