"""Owns: funds, donors' pledges, the ledger, rates of exchange, what matches lack in money, and allocations.
Publishes: ta.pledges.{fund,rate_table,pledge,requirement,allocation}.*
Listens to: matching, directory, for matches that need money and those that are revoked, and who was erased.
"""
