"""The audit log: rows for changes and reads, hash chain, signatures, verification."""
