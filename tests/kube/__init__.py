"""Tests of `leader_sidecar.kube` against small servers on loopback that misbehave to order."""
