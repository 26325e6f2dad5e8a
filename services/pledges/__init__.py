"""Owns: funds, pledges, the ledger and its years, proposals, rates, what matches lack, allocations, reported flows.
Publishes: ta.pledges.{fund,rate_table,pledge,requirement,allocation,proposal,period,import}.*
Listens to: matching, directory, for matches that need money and those that are revoked, and who was erased.
"""
