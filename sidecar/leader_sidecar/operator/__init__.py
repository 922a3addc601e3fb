"""Keeps elections as a resource: Leases, rights and the leader's label; a process and image of its own (DESIGN §4)."""
