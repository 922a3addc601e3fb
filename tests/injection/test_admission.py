"""One admission review after the other, over TLS on a real socket: what the API server is answered."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest

from injection.pods import ELECTION, OWN_NAMESPACE, TEMPLATE, make_pod
from leader_sidecar.operator.injection.admission import Admission
from leader_sidecar.operator.injection.certificates import make_generation
from leader_sidecar.operator.injection.configuration import Injection
from leader_sidecar.operator.injection.objects import ApiFault
from leader_sidecar.operator.injection.serving import WebhookServer
from leader_sidecar.runtime.clock import Clock

UID = "705ab4f5-6393-11e8-b7cc-42010a800002"


class Elections:
    """The LeaderElections of one namespace; `fault` is what a read comes to instead."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.asked: list[tuple[str, str]] = []

    async def __call__(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        self.asked.append((namespace, name))
        if self.fault is not None:
            raise self.fault
        return {"slow": ELECTION}.get(name)


class Webhook:
    """A server, and a client that trusts it as an API server would."""

    def __init__(self, *, refuses: bool) -> None:
        self.elections = Elections()
        self.log: list[dict[str, Any]] = []
        admission = Admission(Injection(TEMPLATE, refuses, None), OWN_NAMESPACE, self.elections, self._write)
        self.server = WebhookServer(admission, 0, self._write, host="127.0.0.1")
        one = make_generation(["localhost"], int(Clock().wall_us() / 1e6), 3600)
        self.server.use_certificate(one.certificate + one.key)
        self._tls = ssl.create_default_context(cadata=one.certificate.decode())
        self.port = 0

    def _write(self, level: str, event: str, **fields: object) -> None:
        self.log.append({"level": level, "event": event, **fields})

    async def post(self, body: Any, path: str = "/admission") -> tuple[int, str]:
        """Send a body. Returns: status and text."""
        connector = aiohttp.TCPConnector(ssl=self._tls)
        async with aiohttp.ClientSession(connector=connector) as session:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            async with session.post(f"https://localhost:{self.port}{path}", data=data) as answer:
                return answer.status, await answer.text()

    async def review(self, obj: Any, kind: str = "Pod", namespace: str = "pay", **more: Any) -> dict[str, Any]:
        """Ask about an object. Returns: the response of the review."""
        status, text = await self.post(body_of(obj, kind, namespace, **more))
        assert status == 200, text
        answer = json.loads(text)
        assert (answer["apiVersion"], answer["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
        assert answer["response"]["uid"] == UID
        return dict(answer["response"])


def body_of(obj: Any, kind: str = "Pod", namespace: str = "pay", **more: Any) -> dict[str, Any]:
    """Make the body of a webhook's request."""
    request = {"uid": UID, "kind": {"group": "", "version": "v1", "kind": kind}, "namespace": namespace, "object": obj}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request | more}


@pytest.fixture(params=[True, False], ids=["Fail", "Ignore"])
async def webhook(request: pytest.FixtureRequest) -> AsyncIterator[Webhook]:
    """Give a webhook of either failurePolicy."""
    one = Webhook(refuses=request.param)
    one.port = await one.server.start()
    yield one
    await one.server.stop()


def refuses(webhook: Webhook) -> bool:
    """Say which of the two it is."""
    return webhook.server._admission._injection.refuses


async def test_a_pod_is_let_through_with_a_patch(webhook: Webhook) -> None:
    pod = make_pod("slow")
    del pod["metadata"]["namespace"]  # not yet there while it is being made
    response = await webhook.review(pod)
    assert response["allowed"]
    assert response["patchType"] == "JSONPatch"
    operations = json.loads(base64.b64decode(response["patch"]))
    assert operations[0]["path"] == "/spec/initContainers"
    assert "--lease-duration=30s" in operations[0]["value"][0]["args"]
    assert webhook.elections.asked == [("pay", "slow")]
    assert "warnings" not in response


async def test_what_is_wrong_is_refused_or_warned_of(webhook: Webhook) -> None:
    response = await webhook.review(make_pod(lease_duration="15", events="perhaps"))
    assert response["allowed"] is not refuses(webhook)
    assert "patch" not in response
    told = [response["status"]["message"]] if refuses(webhook) else response["warnings"]
    assert len(told) == (1 if refuses(webhook) else 2)
    assert "--lease-duration '15'" in told[0]
    assert "--events 'perhaps'" in told[-1]
    assert webhook.log[-1]["event"] == "not_injected"


async def test_a_pod_that_is_skipped_is_never_refused(webhook: Webhook) -> None:
    pod = make_pod(lease_duration="15")
    pod["spec"]["hostNetwork"] = True
    response = await webhook.review(pod)
    assert response["allowed"]
    assert "hostNetwork" in response["warnings"][0]


async def test_an_election_that_there_is_not_is_a_fault(webhook: Webhook) -> None:
    response = await webhook.review(make_pod("nobody"))
    assert response["allowed"] is not refuses(webhook)


@pytest.mark.parametrize("fault", [ApiFault(0, "no answer within 3 s"), ApiFault(403, "forbidden"), ValueError("x")])
async def test_without_a_verdict_failure_policy_is_left_to_the_api_server(webhook: Webhook, fault: Exception) -> None:
    webhook.elections.fault = fault
    status, text = await webhook.post(body_of(make_pod("slow")))
    assert status == 500
    assert str(fault) in text
    assert webhook.log[-1]["event"] == "admission_failed"


async def test_a_workloads_label_is_carried_into_its_template(webhook: Webhook) -> None:
    template = {"metadata": {"labels": {"app": "payouts"}}}
    labels = {"leader-sidecar.io/inject": "payouts"}
    response = await webhook.review({"metadata": {"labels": labels}, "spec": {"template": template}}, "Deployment")
    (operation,) = json.loads(base64.b64decode(response["patch"]))
    assert (operation["op"], operation["value"]) == ("add", "payouts")
    assert operation["path"] == "/spec/template/metadata/labels/leader-sidecar.io~1inject"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"[" * 100_000,
        {},
        {"apiVersion": "admission.k8s.io/v1beta1", "request": {"uid": "1", "kind": {"kind": "Pod"}, "object": {}}},
        {"apiVersion": "admission.k8s.io/v1", "request": {"uid": 1, "kind": {"kind": "Pod"}, "object": {}}},
        body_of(None),
        body_of([]),
    ],
)
async def test_what_is_no_review_is_answered_with_400(webhook: Webhook, body: Any) -> None:
    status, text = await webhook.post(body)
    assert status == 400
    assert "AdmissionReview" in text or "uid, kind and namespace" in text


async def test_a_long_warning_is_cut_where_api_servers_would_drop_it(webhook: Webhook) -> None:
    response = await webhook.review(make_pod(**{"x" * 300: "1"}))
    assert refuses(webhook) or [len(one) for one in response["warnings"]] == [256]


def test_half_a_certificate_is_refused_and_the_old_one_stays() -> None:
    webhook = Webhook(refuses=True)
    one = make_generation(["localhost"], int(Clock().wall_us() / 1e6), 3600)
    with pytest.raises(ValueError, match="cannot be used"):
        webhook.server.use_certificate(one.certificate)
    assert webhook.server.has_certificate
