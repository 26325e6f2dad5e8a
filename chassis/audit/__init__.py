"""The audit log: who did what; hash chain, signatures, verification."""
