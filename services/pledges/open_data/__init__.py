"""The ledger as open data: IATI, flows, and imports of what others reported."""
