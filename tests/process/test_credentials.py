"""What proves who a sidecar is goes bad under a leader, and becomes good again: its token, and its rights."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from cluster.apiserver import ApiServer
from process.conftest import ELECTION, Start
from process.sidecars import D_S, MARGIN_S, Group, wait_for
from process.survival import survives

TERM_S = D_S + MARGIN_S
RIGHTS_S = 10.0

pytestmark = pytest.mark.apiserver


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """Give the file in which the kubelet keeps the token fresh."""
    return tmp_path / "token"


@pytest.fixture
def standing(start: Start, kubeconfig: Path, token_file: Path, apiserver: ApiServer, namespace: str) -> Group:
    """Give three sidecars that read their token from the file."""
    document = json.loads(kubeconfig.read_text())
    document["users"][0]["user"] = {"tokenFile": str(token_file)}
    by = kubeconfig.with_name("by-file.kubeconfig")
    by.write_text(json.dumps(document))
    write(token_file, apiserver.token(namespace, "candidate"))
    return Group([start(f"payouts-{number}", by=by) for number in range(3)])


def test_a_token_that_is_rotated_is_not_noticed(
    standing: Group, token_file: Path, apiserver: ApiServer, namespace: str
) -> None:
    with survives(standing):
        leader = standing.leader(TERM_S)
        before = leader.token
        for _ in range(3):
            write(token_file, apiserver.token(namespace, "candidate"))
            time.sleep(1.5)
        assert leader.token == before


@pytest.mark.parametrize("spoilt", ["expired", "garbled"])
def test_a_token_that_is_no_longer_taken_ends_the_term_until_there_is_a_good_one(
    standing: Group, token_file: Path, apiserver: ApiServer, namespace: str, spoilt: str
) -> None:
    old = apiserver.expired_token(namespace, "candidate")
    with survives(standing):
        before = standing.leader(TERM_S).token
        write(token_file, old if spoilt == "expired" else apiserver.token(namespace, "candidate")[:-4] + "AAAA")
        wait_for(lambda: not any(one.leads for one in standing.sidecars), TERM_S, "nobody leads")
        time.sleep(1.0)
        write(token_file, apiserver.token(namespace, "candidate"))
        assert standing.leader(TERM_S).token > before
    told = [line for one in standing.sidecars for line in one.events("rejected")]
    assert any(line["status"] == 401 for line in told), "nobody was refused"


def test_an_account_that_is_deleted_and_made_again(
    standing: Group, token_file: Path, apiserver: ApiServer, namespace: str
) -> None:
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    with survives(standing):
        before = standing.leader(TERM_S).token
        apiserver.admin.request("DELETE", f"{path}/candidate")
        wait_for(lambda: not any(one.leads for one in standing.sidecars), RIGHTS_S + TERM_S, "nobody leads")
        apiserver.make_service_account(namespace, "candidate")
        write(token_file, apiserver.token(namespace, "candidate"))
        assert standing.leader(RIGHTS_S + TERM_S).token > before


def test_rights_that_are_taken_away_and_given_back(standing: Group, apiserver: ApiServer, namespace: str) -> None:
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings"
    with survives(standing):
        before = standing.leader(TERM_S).token
        for binding in apiserver.admin.request("GET", path)["items"]:
            apiserver.admin.request("DELETE", f"{path}/{binding['metadata']['name']}")
        wait_for(lambda: not any(one.leads for one in standing.sidecars), RIGHTS_S + TERM_S, "nobody leads")
        time.sleep(1.0)
        apiserver.grant(namespace, "candidate", ["get", "update", "watch"], names=[ELECTION])
        assert standing.leader(RIGHTS_S + TERM_S).token > before
    told = [line for one in standing.sidecars for line in one.events("rejected")]
    assert any(line["status"] == 403 for line in told), "nobody was refused"


def write(file: Path, token: str) -> None:
    """Replace the file in one step, as the kubelet does."""
    new = file.with_suffix(".new")
    new.write_text(token)
    new.rename(file)
