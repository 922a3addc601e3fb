"""The demonstration and its ledger."""
