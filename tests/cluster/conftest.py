"""The real API server, for the tests of this folder."""

from cluster.fixtures import apiserver  # noqa: F401
