"""Owns: funds, donors' pledges, the ledger, rates, what matches lack in money, allocations, flows that others reported.
Publishes: ta.pledges.{fund,rate_table,pledge,requirement,allocation,import}.*
Listens to: matching, directory, for matches that need money and those that are revoked, and who was erased.
"""
