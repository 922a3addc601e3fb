"""The objects of an election, and when one that is there is written again."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from leader_sidecar.operator import objects
from leader_sidecar.operator.resource import LeaderElection, read_resource


def election(**spec: Any) -> LeaderElection:
    metadata = {"namespace": "pay", "name": "payouts", "uid": "u", "resourceVersion": "7", "generation": 1}
    whole = {
        "leaseDuration": "15s",
        "serviceAccounts": ["app"],
        "leaderLabel": True,
        "service": {"enabled": True, "ports": []},
        "adopt": False,
        "leaseDeletionPolicy": "Retain",
    }
    return read_resource({"metadata": metadata, "spec": whole | spec})


def stored(wanted: dict[str, Any]) -> dict[str, Any]:
    """What an API server would answer for it."""
    found = copy.deepcopy(wanted)
    found["metadata"] |= {"uid": "x", "resourceVersion": "9"}
    found["metadata"]["labels"]["team"] = "pay"
    if "spec" in found:
        found["spec"] |= {"type": "ClusterIP", "clusterIPs": ["None"]}
        for port in found["spec"].get("ports", []):
            port |= {"nodePort": 30000, "targetPort": port.get("targetPort", port["port"])}
    return found


PORTS = {"enabled": True, "ports": [{"port": 80, "protocol": "TCP"}]}


@pytest.mark.parametrize(
    "wanted",
    [
        objects.role(election()),
        objects.role_binding(election()),
        objects.service(election()),
        objects.service(election(service=PORTS)),
    ],
    ids=["role", "binding", "headless", "ports"],
)
def test_what_is_there_as_asked_is_not_written_again(wanted: dict[str, Any]) -> None:
    assert objects.merged(stored(wanted), wanted) is None


def test_what_was_edited_is_put_right_and_what_others_added_stays() -> None:
    wanted = objects.role_binding(election())
    found = stored(wanted)
    found["subjects"] = [*found["subjects"], {"kind": "User", "name": "eve"}]
    merged = objects.merged(found, wanted)
    assert merged is not None
    assert merged["subjects"] == wanted["subjects"]
    assert merged["metadata"]["labels"]["team"] == "pay"
    assert merged["metadata"]["resourceVersion"] == "9"


def test_an_account_taken_away_and_all_of_them_taken_away_are_written() -> None:
    found = stored(objects.role_binding(election(serviceAccounts=["app", "old"])))
    for left in (["app"], []):
        wanted = objects.role_binding(election(serviceAccounts=left))
        merged = objects.merged(found, wanted)
        assert merged is not None
        assert [subject["name"] for subject in merged["subjects"]] == left
    without = stored(objects.role_binding(election(serviceAccounts=[])))
    del without["subjects"]  # as the API answers an empty list
    assert objects.merged(without, objects.role_binding(election(serviceAccounts=[]))) is None


def test_a_resource_made_anew_takes_over_what_its_predecessor_owned() -> None:
    wanted = objects.role(election())
    found = stored(wanted)
    found["metadata"]["ownerReferences"] = [{**wanted["metadata"]["ownerReferences"][0], "uid": "old"}]
    merged = objects.merged(found, wanted)
    assert merged is not None
    assert merged["metadata"]["ownerReferences"] == wanted["metadata"]["ownerReferences"]


def test_a_headless_service_has_to_be_made_anew_to_have_ports() -> None:
    headless, with_ports = objects.service(election()), objects.service(election(service=PORTS))
    assert objects.must_be_made_anew(headless, with_ports)
    assert objects.must_be_made_anew(with_ports, headless)
    assert not objects.must_be_made_anew(headless, headless)


def test_a_lease_is_owned_only_where_it_is_to_go_with_its_resource() -> None:
    kept, owned = objects.new_lease(election()), objects.new_lease(election(leaseDeletionPolicy="Delete"))
    assert "ownerReferences" not in kept["metadata"]
    assert owned["metadata"]["ownerReferences"][0]["uid"] == "u"
    assert "spec" not in kept
    assert "annotations" not in kept["metadata"]


def test_an_object_of_another_election_or_of_nobody_does_not_belong() -> None:
    found = stored(objects.role(election()))
    assert objects.belongs(found, election())
    found["metadata"]["labels"]["leader-sidecar.io/election"] = "reports"
    assert not objects.belongs(found, election())
    del found["metadata"]["labels"]
    assert not objects.belongs(found, election())
