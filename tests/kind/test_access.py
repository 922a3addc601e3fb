"""What the sidecar may do, where it can be asked, and what the app's container does not get."""

from __future__ import annotations

import json

from cluster.kind import kernel_has_ipv6
from kind.release import Release


def test_exactly_one_of_three_leads_and_its_app_is_told_so(release: Release) -> None:
    told = []
    for pod in release.pods():
        status, body = release.ask(pod.metadata.name, "http://localhost:8080/leader")
        assert status == 200
        told.append(json.loads(body))
    assert len(told) == 3
    assert sum(one["isLeader"] for one in told) == 1
    leader = next(one for one in told if one["isLeader"])
    assert leader["election"] == "payouts/payouts"
    assert leader["token"] == int(release.lease().metadata.annotations["leader-sidecar.io/fencing-token"])
    assert {one["leader"]["name"] for one in told} == {leader["self"]["name"]}


def test_the_sidecar_has_started_before_the_app(release: Release) -> None:
    for pod in release.pods():
        assert pod.spec.init_containers[0].name == "leader-sidecar"
        sidecar, app = pod.status.init_container_statuses[0], pod.status.container_statuses[0]
        assert sidecar.started
        assert sidecar.state.running.started_at <= app.state.running.started_at


def test_probes_are_served_to_the_cluster_and_the_app_port_to_the_own_pod_alone(release: Release) -> None:
    first, second, _ = release.pods()
    for path, content in (("/livez", "ok"), ("/readyz", "ok"), ("/metrics", "leader_election_master_status")):
        status, body = release.ask(first.metadata.name, f"http://{second.status.pod_ip}:8081{path}")
        assert status == 200
        assert content in body
    status, body = release.ask(first.metadata.name, f"http://{second.status.pod_ip}:8080/leader")
    assert status == 0
    assert "refused" in body


def test_each_address_family_of_a_pod_answers_alike(release: Release) -> None:
    first, second, _ = release.pods()
    addresses = [one.ip for one in second.status.pod_ips]
    print(f"IPv6 {'is' if kernel_has_ipv6() else 'is not'} in this kernel, the addresses of a pod are {addresses}")
    assert [":" in one for one in addresses] == ([False, True] if kernel_has_ipv6() else [False])
    for address in addresses:
        host, loopback = (f"[{address}]", "[::1]") if ":" in address else (address, "127.0.0.1")
        assert release.ask(first.metadata.name, f"http://{host}:8081/readyz")[0] == 200
        status, body = release.ask(first.metadata.name, f"http://{host}:8080/leader")
        assert (status, "refused" in body) == (0, True), "the app port is open to other pods"
        assert release.ask(first.metadata.name, f"http://{loopback}:8080/leader")[0] == 200


def test_the_account_may_do_exactly_what_the_role_says(release: Release) -> None:
    def rights(account: str) -> set[str]:
        name = f"--as=system:serviceaccount:{release.namespace}:{account}"
        return {" ".join(line.split()) for line in release.kubectl("auth", "can-i", "--list", name).splitlines()}

    account = release.pods()[0].spec.service_account_name
    assert account != "default"
    # What every account may do, such as asking what it may do, is no right of this one.
    assert rights(account) - rights("default") == {
        "events.events.k8s.io [] [] [create]",
        f"leases.coordination.k8s.io [] [{release.namespace}] [get update watch]",
    }


def test_the_app_cannot_read_the_sidecars_token(release: Release) -> None:
    pod = release.pods()[0].metadata.name
    out = release.kubectl(
        "exec", pod, "-c", "app", "--", "python3", "-c", "import os; print(os.path.exists('/var/run/secrets'))"
    )
    assert out.strip() == "False"


def test_a_pod_that_the_restricted_standard_forbids_is_refused_here(release: Release) -> None:
    out = release.kubectl("run", "root", "--image=pause", "--privileged", "--dry-run=server", check=False)
    assert "violates PodSecurity" in out


def test_events_of_the_lease_tell_its_story(release: Release) -> None:
    out = release.kubectl(
        "get", "events", "--field-selector", f"involvedObject.name={release.namespace},reason=LeaderElection"
    )
    assert "became leader, token=" in out


def test_helm_test_passes(release: Release) -> None:
    assert "Succeeded" in release.helm("test", release.namespace, "--timeout", "60s")


def test_status_names_the_leader_in_the_sidecars_container(release: Release) -> None:
    pod = release.pods()[0].metadata.name
    out = release.kubectl("exec", pod, "-c", "leader-sidecar", "--", "leader-sidecar", "status", "--json")
    assert json.loads(out)[0]["leader"]["name"] in release.names()


def test_doctor_finds_nothing_amiss_in_the_sidecars_container(release: Release) -> None:
    pod = release.pods()[0].metadata.name
    command = ["leader-sidecar", "doctor", "--election", f"{release.namespace}/{release.namespace}"]
    out = release.kubectl("exec", pod, "-c", "leader-sidecar", "--", *command)
    assert "all is well" in out
