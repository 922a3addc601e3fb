"""The charts on a real cluster, on good days and on its worst: `make kind-test`.

Verdicts come from what apps are told inside their pods, and from what their ledger has written down.
"""
