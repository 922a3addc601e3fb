"""The disasters, one a file. Each plays on a stage of its own and raises AssertionError where a promise was broken."""
