"""PostgreSQL: pool, transactions, batched writes, group commit, migrations."""
