"""The operator: elections as a resource, sidecars by label; a process and image of its own (DESIGN §4)."""
