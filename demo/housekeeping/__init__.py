"""The demo's app and the ledger that it writes to; the app is written as one of yours would be."""
