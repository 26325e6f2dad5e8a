"""The ledger as open data: IATI files, flows, and imports of flows that others reported."""
