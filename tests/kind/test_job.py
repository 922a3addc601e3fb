"""A Job with the sidecar: its pod completes when the app has ended, and the Lease is given back."""

from __future__ import annotations

from cluster.kind import KindCluster
from kind.release import LEASE_S, RELEASED_ANNOTATION, TOKEN_ANNOTATION, Release


def test_a_job_ends_and_its_lease_is_released(cluster: KindCluster) -> None:
    release = Release(cluster, "nightly")
    release.install("job.enabled=true", "replicaCount=0", "leader-sidecar.election=nightly")
    pods = release.pods("job")
    assert len(pods) == 1
    name = pods[0].metadata.name
    release.until(lambda: release.pod(name).status.phase == "Succeeded", LEASE_S + 45.0, "the Job's pod has completed")
    log = release.kubectl("logs", name, "-c", "app")
    assert '"event": "done"' in log
    lease = release.lease("nightly-housekeeping-demo-job")
    annotations = lease.metadata.annotations
    assert lease.spec.holder_identity == ""
    assert annotations[RELEASED_ANNOTATION] == annotations[TOKEN_ANNOTATION]
