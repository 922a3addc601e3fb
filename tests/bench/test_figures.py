"""Percentiles, and the verdict that stands in the table."""

from __future__ import annotations

import pytest

from bench.figures import CLIENT_GO, MET, OPEN, SHORT, SIDECAR, Findings, Row, percentile
from bench.load import rate
from bench.rows import MEASUREMENTS, ROWS


def test_a_percentile_is_a_sample_and_the_nearest_rank() -> None:
    samples = [float(number) for number in range(200, 0, -1)]
    assert percentile(samples, 0.5) == 100.0
    assert percentile(samples, 0.99) == 198.0
    assert percentile(samples, 1.0) == 200.0


def test_the_p99_of_few_samples_is_their_largest() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.0
    assert percentile([7.0], 0.5) == 7.0


@pytest.mark.parametrize(("samples", "share"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.5)])
def test_no_percentile_of_nothing(samples: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="percentile of"):
        percentile(samples, share)


def verdict(key: str, ours: dict[str, list[float]], theirs: dict[str, list[float]] | None = None) -> str:
    findings = Findings()
    for kind, samples in ((SIDECAR, ours), (CLIENT_GO, theirs or {})):
        for quantity, values in samples.items():
            for value in values:
                findings.add(key, kind, quantity, value)
    return row(key).verdict(findings)


def row(key: str) -> Row:
    return next(one for one in ROWS if one.key == key)


@pytest.mark.parametrize(
    ("key", "met", "short"),
    [
        ("crash", {"s": [0.1, 0.3]}, {"s": [0.1, 0.301]}),
        ("hand-over", {"s": [0.02, 0.1]}, {"s": [0.02, 0.101]}),
        ("frozen", {"ms": [0.0, 0.0]}, {"ms": [0.0, 1.0]}),
        ("cut", {"ms": [0.0], "overwritten": [0.0]}, {"ms": [0.0], "overwritten": [0.0, 1.0]}),
        ("cut", {"ms": [0.0], "overwritten": [0.0]}, {"ms": [1.0], "overwritten": [0.0]}),
        ("requests", {"leader": [14.0], "follower": [1.0]}, {"leader": [14.1], "follower": [1.0]}),
        ("requests", {"leader": [14.0], "follower": [1.0]}, {"leader": [12.0], "follower": [0.0, 1.1]}),
        ("memory", {"leader": [42.0], "follower": [42.0]}, {"leader": [42.0], "follower": [42.1]}),
        ("start", {"s": [0.2, 0.6]}, {"s": [0.2, 0.61]}),
    ],
)
def test_a_row_is_met_up_to_its_bound_and_no_further(
    key: str, met: dict[str, list[float]], short: dict[str, list[float]]
) -> None:
    assert verdict(key, met) == MET
    assert verdict(key, short) == SHORT


def test_processor_time_is_compared_with_client_go_of_the_same_run() -> None:
    theirs = {"leader": [2.0], "follower": [1.0, 2.0]}
    assert verdict("cpu", {"leader": [2.0], "follower": [1.5, 1.5]}, theirs) == MET
    assert verdict("cpu", {"leader": [2.0], "follower": [1.6, 1.6]}, theirs) == SHORT
    assert verdict("cpu", {"leader": [2.1], "follower": [0.1, 0.1]}, theirs) == SHORT
    assert verdict("cpu", {"leader": [2.0], "follower": [1.5]}) == OPEN


LOADED = {
    "bare rate": [900.0, 1100.0],
    "sidecar rate": [700.0],
    "bare cpu": [0.9, 0.95],
    "sidecar cpu": [0.9],
    "late s": [0.0, 1.0],
    "leads": [1.0],
}


@pytest.mark.parametrize(
    "worse",
    [
        {"sidecar rate": [699.0]},
        {"sidecar cpu": [0.89]},
        {"bare cpu": [0.95, 0.89]},
        {"late s": [0.0, 1.1]},
        {"leads": [0.0]},
    ],
)
def test_the_load_counts_only_with_both_servers_busy_and_every_renewal_in_time(worse: dict[str, list[float]]) -> None:
    assert verdict("load", LOADED) == MET
    assert verdict("load", LOADED | worse) == SHORT


def test_a_run_that_was_broken_off_gives_no_verdict_on_what_it_lacks() -> None:
    assert verdict("crash", {}) == OPEN
    assert verdict("cut", {"ms": [0.0]}) == OPEN
    assert verdict("load", {"bare rate": [900.0], "bare cpu": [0.95]}) == OPEN


def test_every_row_shows_what_it_has_and_a_dash_for_what_it_lacks() -> None:
    for one in ROWS:
        cells = one.cells(Findings())
        assert [cells["client-go"], cells["sidecar"], cells["verdict"]] == [OPEN, OPEN, OPEN]
    findings = Findings()
    findings.add("crash", SIDECAR, "s", 0.25)
    findings.add("crash", SIDECAR, "s", 0.05)
    assert row("crash").cells(findings)["sidecar"] == "p50 0.050 s, p99 0.250 s (n=2)"


def test_every_row_is_filled_by_one_measurement() -> None:
    assert sorted(key for _, filled in MEASUREMENTS for key in filled) == sorted(one.key for one in ROWS)


def test_wrk_is_believed_only_when_every_answer_was_whole_and_200() -> None:
    told = "Running 1s test\n  100 requests in 1.00s, 1MB read\nRequests/sec:   7190.12\nTransfer/sec:      1.00MB\n"
    assert rate(told) == 7190.12
    with pytest.raises(RuntimeError, match="measured nothing"):
        rate(told + "  Non-2xx or 3xx responses: 3\n")
    with pytest.raises(RuntimeError, match="measured nothing"):
        rate("unable to connect\n")
