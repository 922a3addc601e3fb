"""Puts the sidecar into pods that ask for it by a label; by a webhook here, or by a policy that the chart renders."""
