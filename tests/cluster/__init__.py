"""Real API servers for the tests: where their programs come from, how they are started, and how they are taken away."""
