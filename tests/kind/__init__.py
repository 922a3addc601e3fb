"""The charts on a real cluster: `make kind-test`. Verdicts come from what apps are told inside their pods."""
