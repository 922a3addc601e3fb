"""The alerts: Prometheus takes the rules, each fires on its series and on no other, and the chart ships them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from chart.helm import Helm, of_kind
from chart.monitoring import ALERTS, PLACEHOLDER, RUNBOOKS, SERIES, Promtool, alert_rules, selectors

NAMES = tuple(alert_rules())
# What a rule may be spoilt into: one that never fires, and one that always does.
SPOILT = {"never fires": "vector(1) == 0", "always fires": "vector(1) == 1"}


def test_prometheus_takes_the_rules(promtool: Promtool) -> None:
    code, said = promtool.run("check", "rules", ALERTS)
    assert code == 0, said
    assert f"{len(NAMES)} rules found" in said


def test_each_alert_fires_on_its_series_and_on_no_other(promtool: Promtool) -> None:
    code, said = promtool.run("test", "rules", SERIES)
    assert code == 0, said


@pytest.mark.parametrize("how", SPOILT)
def test_alerts_that_are_spoilt_are_found_out_every_one(promtool: Promtool, tmp_path: Path, how: str) -> None:
    rules = yaml.safe_load(ALERTS.read_text())
    for rule in rules["groups"][0]["rules"]:
        rule["expr"] = SPOILT[how]
    series = yaml.safe_load(SERIES.read_text())
    series["rule_files"] = ["rules.yaml"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
    (tmp_path / "series.yaml").write_text(yaml.safe_dump(series))
    code, said = promtool.run("test", "rules", tmp_path / "series.yaml")
    assert code == 1
    assert set(re.findall(r"alertname: (\w+)", said)) == set(NAMES)


def test_every_alert_says_how_bad_it_is_and_where_its_runbook_is() -> None:
    for name, rule in alert_rules().items():
        assert rule["labels"]["severity"] in ("warning", "critical"), name
        assert rule["annotations"]["runbook_url"] == f"{RUNBOOKS}#{name.lower()}"
        assert PLACEHOLDER in rule["annotations"]["summary"], name


def test_every_alert_is_about_one_election() -> None:
    for name, rule in alert_rules().items():
        asked = selectors(rule["expr"])
        assert asked, name
        for metric, values in asked:
            label = "name" if metric == "leader_election_master_status" else "election"
            assert values[label] == PLACEHOLDER, name


def rendered_groups(helm: Helm, **values: Any) -> list[dict[str, Any]]:
    """Render the PrometheusRule and return its groups."""
    (rule,) = of_kind(helm.render(sidecar__prometheusRule__enabled=True, **values), "PrometheusRule")
    return list(rule["spec"]["groups"])


def test_the_chart_renders_the_same_rules_for_each_election(helm: Helm) -> None:
    groups = rendered_groups(helm, sidecar__election="payouts, other/reports")
    for group, election in zip(groups, ("pay/payouts", "other/reports"), strict=True):
        (plain,) = yaml.safe_load(ALERTS.read_text().replace(PLACEHOLDER, election))["groups"]
        assert group == plain
        assert PLACEHOLDER not in str(group)


def test_prometheus_takes_what_the_chart_renders(helm4: Helm, promtool: Promtool, tmp_path: Path) -> None:
    promtool.check(tmp_path / "rendered.yaml", rendered_groups(helm4, sidecar__election="payouts, other/reports"))
