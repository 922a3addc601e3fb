"""Certificates follow one another so that whoever is shown one trusts it already."""

from __future__ import annotations

import base64

import pytest

from leader_sidecar.operator.injection.certificates import (
    Generation,
    bundle,
    from_data,
    make_generation,
    needs_another,
    serving,
    to_data,
)

DAY_S = 24 * 3600
LIFE_S = 90 * DAY_S
NOW_S = 1_790_000_000


def made(at_s: int, lifetime_s: int = LIFE_S) -> Generation:
    return make_generation(["operator.pay.svc"], at_s, lifetime_s)


def test_the_first_generation_serves_as_soon_as_it_is_published() -> None:
    assert needs_another([], NOW_S, LIFE_S)
    first = made(NOW_S)
    assert serving([first], b"", NOW_S) is None
    assert serving([first], bundle([first], b"", NOW_S), NOW_S) == first


def test_another_is_made_after_two_thirds_of_a_life_and_not_before() -> None:
    first = made(NOW_S)
    assert not needs_another([first], NOW_S + 60 * DAY_S - 1, LIFE_S)
    assert needs_another([first], NOW_S + 60 * DAY_S, LIFE_S)
    assert needs_another([first], NOW_S + 10 * DAY_S, 15 * DAY_S), "a life that was made shorter counts at once"


def test_the_bundle_carries_old_and_new_while_one_follows_the_other() -> None:
    first, later_s = made(NOW_S), NOW_S + 60 * DAY_S
    second = made(later_s)
    trusted = bundle([first, second], first.certificate, later_s)
    assert trusted.count(b"BEGIN CERTIFICATE") == 2
    assert first.certificate in trusted
    assert second.certificate in trusted


def test_a_new_generation_serves_only_after_it_has_been_trusted_for_a_while() -> None:
    first, later_s = made(NOW_S), NOW_S + 60 * DAY_S
    second = made(later_s)
    both = bundle([first, second], b"", later_s)
    assert serving([first, second], both, later_s + 599) == first
    assert serving([first, second], both, later_s + 600) == second
    assert serving([first, second], first.certificate, later_s + 600) == first, "it is not trusted at all"


def test_the_old_one_leaves_the_bundle_when_it_has_expired() -> None:
    first, second = made(NOW_S), made(NOW_S + 60 * DAY_S)
    both = bundle([first, second], b"", NOW_S + 60 * DAY_S)
    assert bundle([first, second], both, NOW_S + LIFE_S - 1) == both
    assert bundle([first, second], both, NOW_S + LIFE_S) == second.certificate


def test_what_another_replica_published_stays_trusted() -> None:
    mine, others = made(NOW_S), made(NOW_S + 1)
    trusted = bundle([mine], others.certificate, NOW_S + 1)
    assert others.certificate in trusted
    assert bundle([mine], trusted, NOW_S + 1) == trusted, "so that nobody writes without need"


def test_a_bundle_that_somebody_broke_is_made_anew() -> None:
    first = made(NOW_S)
    assert bundle([first], b"-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n", NOW_S) == first.certificate


def test_generations_survive_the_secret_and_what_is_none_is_passed_over() -> None:
    generations = [made(NOW_S), made(NOW_S + 5)]
    data = to_data(generations)
    assert from_data(data) == generations
    noise = {"readme": "aGVsbG8=", "1.pem": "!", "2.pem": base64.b64encode(b"-----BEGIN").decode()}
    assert from_data({**data, **noise}) == generations


@pytest.mark.parametrize("missing", ["key", "certificate"])
def test_half_a_generation_is_none(missing: str) -> None:
    one = made(NOW_S)
    half = one.certificate if missing == "key" else one.key
    assert from_data({f"{NOW_S}.pem": base64.b64encode(half).decode()}) == []
