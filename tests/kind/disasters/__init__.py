"""The disasters, one a file; each plays on a stage of its own and raises AssertionError where a promise was broken."""
