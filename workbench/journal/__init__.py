"""The append-only, chained journal: file, lock, ledger."""
