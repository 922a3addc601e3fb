"""The demonstrations that `make demo` runs; not part of the wheel."""
