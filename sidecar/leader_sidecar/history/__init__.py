"""What happened, judged afterwards from what was written down: logs against the promises, and histories of a guard.

Nothing in here has an effect or knows another layer; start with `judge.py`, and with `linearizability.py`.
"""
