"""What only the development server has: what it refuses rather than pretends, and its knobs for tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from contract.api import LEASES, Api, changed, version_of
from leader_sidecar.devserver import watching
from leader_sidecar.devserver.leases import LEASE
from leader_sidecar.devserver.server import parse_listen, start
from leader_sidecar.devserver.store import Store

pytestmark = pytest.mark.devserver


@asynccontextmanager
async def serving(session: aiohttp.ClientSession, store: Store, interval_s: float = 60.0) -> AsyncIterator[Api]:
    async with await start(store=store, bookmark_interval_s=interval_s) as server:
        yield Api(session, server.url, "contract")


def content_of(folder: Path) -> dict[str, int]:
    """Return the names and the rights of a folder's files."""
    return {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}


@pytest.mark.parametrize(
    ("method", "query"),
    [("GET", "labelSelector=a%3Db"), ("GET", "watch=1&labelSelector=a"), ("POST", "dryRun=All"), ("GET", "continue=x")],
)
async def test_what_it_cannot_do_it_refuses(api: Api, method: str, query: str) -> None:
    answer = await api.request(
        method, f"{api.path()}?{query}", {"metadata": {"name": "a"}} if method == "POST" else None
    )
    assert answer.status == 400
    assert answer.message.startswith("the development server has no ")
    assert (await api.get("a")).status == 404


async def test_it_does_not_watch_kubernetes_events_or_patch(api: Api) -> None:
    watched = await api.request("GET", f"/api/v1/namespaces/{api.namespace}/events?watch=1")
    assert (watched.status, watched.message) == (400, "the development server has no watch of Events: list them")
    assert (await api.request("PATCH", api.path("a"), {})).status == 405


async def test_its_discovery_has_a_page_for_each_group(api: Api) -> None:
    assert (await api.request("GET", "/api")).body["versions"] == ["v1"]
    assert (await api.request("GET", "/apis/coordination.k8s.io")).body["kind"] == "APIGroup"
    assert [r["name"] for r in (await api.request("GET", "/api/v1")).body["resources"]] == ["events"]
    assert (await api.request("GET", "/apis/apps")).status == 404
    assert (await api.request("GET", "/apis/apps/v1")).status == 404


async def test_it_begins_at_the_version_it_is_given(session: aiohttp.ClientSession) -> None:
    async with serving(session, Store(first_version=41_000)) as api:
        assert (await api.request("GET", api.path())).version == 40_999
        assert version_of(await api.created()) == 41_000
        async with api.watch(resourceVersion=40_998) as watch:
            error = await watch.next()
            assert error is not None
            assert error.object["code"] == 410


async def test_a_watch_gets_bookmarks_at_intervals(session: aiohttp.ClientSession) -> None:
    async with serving(session, Store(), interval_s=0.05) as api:
        lease = await api.created()
        async with api.watch(resourceVersion=version_of(lease), allowWatchBookmarks="true") as watch:
            last = await api.written(lease, holderIdentity="a")
            [event] = await watch.take(1)
            assert event.version == version_of(last)
            for _ in range(3):
                bookmark = await watch.next()
                assert bookmark is not None
                assert (bookmark.type, bookmark.version) == ("BOOKMARK", version_of(last))


async def test_a_watch_that_falls_behind_the_history_is_told_so(session: aiohttp.ClientSession) -> None:
    store = Store(history_limit=5)
    async with serving(session, store) as api:
        lease = await api.created()
        async with api.watch(resourceVersion=version_of(lease)) as watch:
            # Written beside the API, so that the watch has no moment in between to tell any of them.
            for number in range(10):
                current = store.get(LEASE, "contract", lease["metadata"]["name"])
                assert current is not None
                store.replace(LEASE, current, {**current, "spec": {"leaseTransitions": number}})
            event = await watch.next()
            assert event is not None
            assert (event.type, event.object["reason"]) == ("ERROR", "Expired")
            assert await watch.next() is None


async def test_a_client_that_does_not_read_loses_its_watch(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "WRITE_S", 0.05)
    async with serving(session, Store()) as api:
        lease = await api.created()
        async with api.watch(resourceVersion=version_of(lease)) as watch:
            for letter in "abcdefghijklmnopqrstuvwxyz" * 2:
                lease = (await api.put(changed(lease, annotations={"a": letter * 250_000}))).body
            with pytest.raises(aiohttp.ClientError):
                await watch.rest()


async def test_it_ends_open_watches_when_it_stops(session: aiohttp.ClientSession) -> None:
    async with await start() as server:
        api = Api(session, server.url, "contract")
        async with api.watch(resourceVersion=0, allowWatchBookmarks="true") as watch:
            assert (await watch.next()) is not None
            async with asyncio.timeout(2):
                await server.stop()
                assert await watch.rest() == []


async def test_its_kubeconfig_says_where_and_with_which_token(tmp_path: Path) -> None:
    file = tmp_path / "config"
    async with await start(token="right") as server:
        server.write_kubeconfig(file, namespace="jobs")
        document = json.loads(file.read_text())
        assert document["clusters"][0]["cluster"] == {"server": server.url}
        assert document["users"][0]["user"] == {"token": "right"}
        assert document["contexts"][0]["context"]["namespace"] == "jobs"
    assert content_of(tmp_path) == {"config": 0o600}


async def test_delete_options_must_be_an_object(api: Api) -> None:
    lease = await api.created()
    path = api.path(lease["metadata"]["name"])
    assert (await api.request("DELETE", path, data=b"[]")).status == 400
    assert (await api.request("DELETE", path, {"propagationPolicy": "Background"})).status == 200


async def test_watches_of_all_namespaces_are_served(api: Api) -> None:
    lease = await api.created()
    async with api.watch(f"{LEASES}/watch/leases") as watch:
        assert [event.object for event in await watch.take(1)] == [lease]


@pytest.mark.parametrize(
    ("listen", "read"),
    [("127.0.0.1:0", ("127.0.0.1", 0)), ("[::1]:8001", ("::1", 8001)), ("localhost:65535", ("localhost", 65535))],
)
def test_addresses_are_read(listen: str, read: tuple[str, int]) -> None:
    assert parse_listen(listen) == read


@pytest.mark.parametrize("listen", ["", "8001", ":8001", "localhost:", "localhost:65536", "localhost:-1", "a:99999999"])
def test_what_is_no_address_is_refused(listen: str) -> None:
    with pytest.raises(ValueError, match=r"write HOST:PORT, such as 127\.0\.0\.1:8001"):
        parse_listen(listen)
