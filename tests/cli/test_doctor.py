"""`doctor`: each check against an API server that answers what the check is about."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.servers import HttpServer

FREE_PORTS = ("--listen=127.0.0.1:0", "--probe-listen=127.0.0.1:0")

LEASE = {
    "apiVersion": "coordination.k8s.io/v1",
    "kind": "Lease",
    "metadata": {
        "name": "payouts",
        "namespace": "default",
        "uid": "u-1",
        "resourceVersion": "500",
        "annotations": {"leader-sidecar.io/fencing-token": "418"},
    },
    "spec": {
        "holderIdentity": "web-0__00000000000000ff",
        "leaseDurationSeconds": 15,
        "renewTime": "2026-03-01T10:00:00.000000Z",
        "acquireTime": "2026-03-01T09:00:00.000000Z",
        "leaseTransitions": 3,
    },
}


class FakeApi:
    """An API server that allows what is in `allowed` and has one Lease; nothing else exists."""

    def __init__(self, folder: Path) -> None:
        self.allowed = {("get", "leases"), ("update", "leases"), ("watch", "leases"), ("create", "events")}
        self.user = "system:serviceaccount:default:web"
        self.lease: Any = json.loads(json.dumps(LEASE))
        self.authenticated = True
        self.reviews = True
        self.http = HttpServer(self._respond)
        self.kubeconfig = folder / "kubeconfig"
        self.write_kubeconfig()

    def write_kubeconfig(self, token: str = "") -> None:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": self.http.url}}],
            "users": [{"name": "u", "user": {"token": token} if token else {}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
        self.kubeconfig.write_text(json.dumps(config))

    def _respond(self, method: str, path: str, query: Mapping[str, str], body: Any) -> tuple[int, str, str]:
        status, answer = self._answer(path, body)
        return status, "application/json", json.dumps(answer)

    def _answer(self, path: str, body: Any) -> tuple[int, Any]:
        if not self.authenticated:
            return 401, {"kind": "Status", "message": "Unauthorized"}
        if path == "/version":
            return 200, {"gitVersion": "v1.37.2"}
        if path.endswith("/selfsubjectreviews") and self.reviews:
            return 201, {"status": {"userInfo": {"username": self.user}}}
        if path.endswith("/selfsubjectaccessreviews") and self.reviews:
            asked = body["spec"]["resourceAttributes"]
            assert asked["namespace"] == "default"
            assert asked["name"] == ("payouts" if asked["resource"] == "leases" and asked["verb"] != "create" else "")
            return 201, {"status": {"allowed": (asked["verb"], asked["resource"]) in self.allowed}}
        if path == "/apis/coordination.k8s.io/v1/namespaces/default/leases/payouts" and self.lease is not None:
            return (200, self.lease) if ("get", "leases") in self.allowed else (403, {"message": "forbidden"})
        return 404, {"kind": "Status", "message": "not found"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FakeApi]:
    made = FakeApi(tmp_path)
    yield made
    made.http.close()


@pytest.fixture
def examine(call: Callable[..., Any], api: FakeApi) -> Callable[..., tuple[int, list[dict[str, str]]]]:
    """Call `doctor --json` on the fake API; gives the exit code and the findings."""

    def run(*argv: str) -> tuple[int, list[dict[str, str]]]:
        ended = call(
            "doctor", "--json", "--kubeconfig", str(api.kubeconfig), "--election", "default/payouts", *FREE_PORTS, *argv
        )
        assert ended.err == ""
        return ended.code, json.loads(ended.out)["findings"]

    return run


Examine = Callable[..., tuple[int, list[dict[str, str]]]]


def wrongs(findings: list[dict[str, str]]) -> dict[str, tuple[str, str]]:
    assert all(one["fix"] for one in findings if one["verdict"] == "wrong")
    assert all("\n" not in one["detail"] + one["fix"] for one in findings)
    return {one["check"]: (one["detail"], one["fix"]) for one in findings if one["verdict"] == "wrong"}


def hints(findings: list[dict[str, str]]) -> list[str]:
    return [one["detail"] for one in findings if one["verdict"] == "hint"]


def test_where_all_is_well_nothing_is_wrong(examine: Examine) -> None:
    code, findings = examine()
    assert (code, wrongs(findings), hints(findings)) == (0, {}, [])
    told = {one["check"]: one["detail"] for one in findings}
    assert told["Lease default/payouts"] == "held by web-0__00000000000000ff for 15s, token 418, resourceVersion 500"
    assert told["identity"] == "the API server knows us as system:serviceaccount:default:web"


def test_people_get_one_line_a_check_and_one_for_what_mends_it(call: Callable[..., Any], api: FakeApi) -> None:
    api.lease = None
    ended = call("doctor", "--kubeconfig", str(api.kubeconfig), "--election", "default/payouts", *FREE_PORTS)
    assert ended.code == 1
    lines = ended.out.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("wrong"))
    assert lines[at].split(None, 3)[1:3] == ["Lease", "default/payouts"]
    assert lines[at + 1].startswith("         fix: echo '{")
    assert lines[-1] == "1 wrong"
    assert "\x1b" not in ended.out


def test_a_denied_verb_is_named_with_the_role_that_allows_it(examine: Examine, api: FakeApi) -> None:
    api.allowed.remove(("update", "leases"))
    code, findings = examine()
    assert code == 1
    detail, fix = wrongs(findings)["rights default/payouts"]
    assert detail == "update on leases/payouts in default is denied to system:serviceaccount:default:web"
    assert "--verb=get,update,watch" in fix
    assert "--resource-name=payouts" in fix
    assert "--serviceaccount=default:web" in fix


def test_a_user_that_is_no_service_account_is_bound_as_a_user(examine: Examine, api: FakeApi) -> None:
    api.user = "anna"
    api.allowed.clear()
    _, findings = examine()
    assert "--user=anna" in wrongs(findings)["rights default/payouts"][1]


def test_the_right_to_create_is_asked_for_only_when_needed(examine: Examine, api: FakeApi) -> None:
    assert examine()[0] == 0
    code, findings = examine("--create-lease")
    assert code == 1
    assert "--verb=create" in wrongs(findings)["create default"][1]
    api.allowed.add(("create", "leases"))
    assert examine("--create-lease")[0] == 0


def test_denied_events_are_a_hint(examine: Examine, api: FakeApi) -> None:
    api.allowed.remove(("create", "events"))
    code, findings = examine()
    assert (code, hints(findings)) == (0, ["creating Events is denied: changes are told in the log only"])
    assert hints(examine("--no-events")[1]) == []


def test_an_api_without_reviews_is_skipped_not_blamed(examine: Examine, api: FakeApi) -> None:
    api.reviews = False
    code, findings = examine()
    assert code == 0
    assert [one["check"] for one in findings if one["detail"].endswith("does not answer access reviews")] == [
        "rights default/payouts"
    ]


def test_an_absent_lease_is_created_by_one_command_or_by_the_sidecar(examine: Examine, api: FakeApi) -> None:
    api.lease = None
    code, findings = examine()
    assert code == 1
    _, fix = wrongs(findings)["Lease default/payouts"]
    document = json.loads(fix.removeprefix("echo '").partition("'")[0])
    assert document["metadata"] == {"namespace": "default", "name": "payouts"}
    api.allowed.add(("create", "leases"))
    assert examine("--create-lease")[0] == 0


def test_credentials_that_are_refused_end_the_questions(examine: Examine, api: FakeApi) -> None:
    api.authenticated = False
    code, findings = examine()
    assert code == 1
    assert list(wrongs(findings)) == ["identity"]
    assert not any(one["check"].startswith(("rights", "Lease")) for one in findings)


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({"metadata": {**LEASE["metadata"], "resourceVersion": "abc"}}, "wrong", "is not a decimal integer"),
        ({"kind": "Lock"}, "wrong", "not a Lease but kind 'Lock'"),
        ({"metadata": {**LEASE["metadata"], "resourceVersion": "417"}}, "wrong", "is above resourceVersion + floor"),
        (
            {"metadata": {**LEASE["metadata"], "annotations": {"leader-sidecar.io/fencing-token": "-7"}}},
            "hint",
            "is garbled and counts as 0",
        ),
        ({"spec": {**LEASE["spec"], "strategy": "OldestEmulationVersion"}}, "hint", "which stay: strategy"),
        ({"spec": {**LEASE["spec"], "holderIdentity": "web-0"}}, "hint", "another kind of elector"),
        ({"spec": {**LEASE["spec"], "leaseDurationSeconds": 60}}, "hint", "counts 60s, these settings 15s"),
    ],
)
def test_a_peculiar_lease_is_told(
    change: dict[str, Any], verdict: str, words: str, examine: Examine, api: FakeApi
) -> None:
    api.lease.update(change)
    code, findings = examine()
    told = [one for one in findings if words in one["detail"]]
    assert [(one["check"], one["verdict"]) for one in told] == [("Lease default/payouts", verdict)]
    assert code == (1 if verdict == "wrong" else 0)


def test_a_raised_floor_accounts_for_a_high_token(examine: Examine, api: FakeApi) -> None:
    api.lease["metadata"]["resourceVersion"] = "417"
    assert wrongs(examine()[1])["Lease default/payouts"][1] == "leader-sidecar run --token-floor 418"
    assert examine("--token-floor", "418")[0] == 0


def jwt(**claims: object) -> str:
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.c2ln"


@pytest.mark.parametrize(
    ("token", "verdict", "words"),
    [
        (jwt(exp=1_000_000_000), "wrong", "expired "),
        (jwt(exp=99_000_000_000), "ok", "readable, expires in "),
        (jwt(sub="x"), "ok", "does not say when"),
        ("e30.!!!.c2ln", "ok", "does not say when"),
        ("opaque", "ok", "does not say when"),
        ("", "skipped", "no bearer token"),
    ],
)
def test_a_tokens_own_expiry_is_read(token: str, verdict: str, words: str, examine: Examine, api: FakeApi) -> None:
    api.write_kubeconfig(token)
    _, findings = examine()
    (told,) = [one for one in findings if one["check"] == "token"]
    assert told["verdict"] == verdict
    assert words in told["detail"]
    assert token == "" or token not in json.dumps(findings)


def test_no_api_server_to_be_found_is_exit_2_and_names_the_fix(call: Callable[..., Any], tmp_path: Path) -> None:
    ended = call("doctor", "--json", "--election", "a/x", "--kubeconfig", str(tmp_path / "absent"))
    assert ended.code == 2
    assert "endpoint" in wrongs(json.loads(ended.out)["findings"])


def test_an_api_server_that_does_not_answer_is_exit_2(examine: Examine, api: FakeApi) -> None:
    api.http.close()
    code, findings = examine()
    assert code == 2
    detail, _ = wrongs(findings)["API server"]
    assert "cannot be reached (Connection refused)" in detail


def test_faulty_settings_do_not_keep_it_from_looking_further(examine: Examine, api: FakeApi) -> None:
    code, findings = examine("--lease-duration", "12s")
    assert code == 1
    assert "two leaders could overlap" in wrongs(findings)["settings"][0]
    assert any(one["check"] == "Lease default/payouts" for one in findings)


def test_an_unknown_flag_is_exit_2(call: Callable[..., Any]) -> None:
    ended = call("doctor", "--elections", "x")
    assert (ended.code, ended.out) == (2, "")
    assert "did you mean --election?" in ended.err
