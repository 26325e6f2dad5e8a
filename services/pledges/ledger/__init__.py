"""The double-entry ledger: entries, balances, snapshots, fiscal years, verification."""
