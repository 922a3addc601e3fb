"""The sequence of versions, on which fencing tokens stand, and the one winner of each."""

from __future__ import annotations

import asyncio

from contract.api import Api, version_of

WRITERS = 32


async def test_versions_rise_over_all_leases(api: Api) -> None:
    versions = []
    for _ in range(5):
        one, other = await api.created(), await api.created()
        versions += [version_of(one), version_of(other)]
        versions += [version_of(await api.written(lease, holderIdentity="a")) for lease in (one, other)]
    assert versions == sorted(set(versions))


async def test_a_lease_made_again_is_newer_than_any_before(api: Api) -> None:
    for _ in range(3):
        first = (await api.post("payouts", holderIdentity="a")).body
        last = await api.written(first, holderIdentity="b")
        assert (await api.delete("payouts")).status == 200
        after_deletion = (await api.request("GET", api.path())).version
        again = (await api.post("payouts")).body
        assert version_of(first) < version_of(last) < after_deletion < version_of(again)
        assert again["metadata"]["uid"] != first["metadata"]["uid"]
        # The old one's uid and version open nothing in the new one.
        assert (await api.put(last)).status == 409
        assert (await api.delete("payouts")).status == 200


async def test_a_lists_version_is_that_of_the_last_write_or_later(api: Api) -> None:
    for _ in range(5):
        lease = await api.created()
        listed = await api.request("GET", api.path())
        assert listed.version >= version_of(lease)
        assert lease["metadata"]["name"] in [item["metadata"]["name"] for item in listed.body["items"]]


async def test_one_of_many_writers_wins_each_version(api: Api) -> None:
    lease = await api.created()
    for turn in range(3):
        wishes = [
            {**lease, "spec": {"holderIdentity": f"writer-{n}", "leaseTransitions": turn}} for n in range(WRITERS)
        ]
        answers = await asyncio.gather(*(api.put(wish) for wish in wishes))
        assert sorted(answer.status for answer in answers) == [200] + [409] * (WRITERS - 1)
        [winner] = [answer.body for answer in answers if answer.status == 200]
        assert (await api.get(lease["metadata"]["name"])).body == winner
        lease = winner


async def test_one_of_many_creators_wins(api: Api) -> None:
    answers = await asyncio.gather(*(api.post("payouts", holderIdentity=f"writer-{n}") for n in range(WRITERS)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * (WRITERS - 1)


async def test_no_write_is_lost_among_writers_that_try_again(api: Api) -> None:
    lease = await api.created(leaseTransitions=0)
    name = lease["metadata"]["name"]

    async def add(times: int) -> None:
        while times:
            found = (await api.get(name)).body
            found["spec"]["leaseTransitions"] += 1
            answer = await api.put(found)
            assert answer.status in (200, 409)
            times -= answer.status == 200

    await asyncio.gather(*(add(5) for _ in range(8)))
    assert (await api.get(name)).body["spec"]["leaseTransitions"] == 40
