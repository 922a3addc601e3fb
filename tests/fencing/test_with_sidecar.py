"""`Leadership` beside real sidecars: the application learns of its term, and of the end of it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from leader_sidecar.fencing import Leadership, aio
from process.servers import DevServerProcess
from process.sidecars import QUICK, Group, SidecarProcess

SOON_S = 20.0
ELECTION = "default/payouts"


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    """Two sidecars of one election."""
    server = DevServerProcess(tmp_path)
    kubeconfig = server.kubeconfig(tmp_path, "default", ["payouts"])
    sidecars = [SidecarProcess(tmp_path, kubeconfig, [ELECTION], f"payouts-{i}", QUICK).start() for i in range(2)]
    yield Group(sidecars)
    for sidecar in sidecars:
        sidecar.process.kill()
    server.process.kill()


def url(sidecar: SidecarProcess) -> str:
    return f"http://localhost:{sidecar.port}"


def test_the_term_passes_from_one_application_to_the_other(group: Group) -> None:
    first = group.leader(SOON_S)
    second = next(one for one in group.sidecars if one is not first)
    terms = Leadership(url(first), ELECTION).terms()
    old = next(terms)
    assert old.election == ELECTION
    assert old.token == first.document()["token"]
    assert not old.ended.wait(4.0), "renewals extend it beyond the first answer's validity"
    old.check(0.5)
    assert Leadership(url(second)).term() is None
    status, _ = first.get("/leader/resign?cooldown=30s", method="POST")
    assert status == 202
    assert old.ended.wait(SOON_S)
    new = Leadership(url(second)).wait(SOON_S)
    assert new.token > old.token
    terms.close()


async def test_asyncio_hears_of_the_end_when_the_sidecar_is_stopped(group: Group) -> None:
    first = group.leader(SOON_S)
    terms = aio.Leadership(url(first)).terms()
    old = await anext(terms)
    first.process.signal(signal.SIGTERM)
    await old.ended.wait()
    second = next(one for one in group.sidecars if one is not first)
    assert (await aio.Leadership(url(second)).wait(SOON_S)).token > old.token
    await terms.aclose()  # type: ignore[attr-defined]
