"""The laboratory: the real election, unchanged, in virtual time, under faults, every promise checked at every step.

One seed is one run. `leader_sidecar.lab.run.run_schedule` is the entry; the rules of the lease are the core's alone.
"""
