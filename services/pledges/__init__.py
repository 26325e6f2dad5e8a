"""Owns: funds, pledges, the ledger and its years, proposals, rates, what matches lack in money, allocations.
Publishes: ta.pledges.{fund,rate_table,pledge,requirement,allocation,proposal,period}.*
Listens to: matching, directory, for matches that need money and those that are revoked, and who was erased.
"""
