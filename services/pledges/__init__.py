"""Owns: funds, donors' pledges, the ledger, rates of exchange, what matches lack in money, and allocations.
Publishes: ta.pledges.{fund,rate_table,pledge,requirement,allocation}.*
Listens to: matching, for confirmed matches that need money and those that are revoked.
"""
