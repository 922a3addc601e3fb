"""The dashboard: Prometheus takes every expression, Grafana finds what it needs, and the chart ships it as it is."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from chart.helm import Helm, of_kind
from chart.monitoring import DASHBOARD, Promtool, dashboard, dashboard_expressions, selectors

WIDTH = 24
SHOWS = {
    "who leads": "leader_election_master_status",
    "token over time": "leader_sidecar_fencing_token",
    "what is left of the grant": "leader_sidecar_lease_remaining_seconds",
    "how long renewals take": "leader_sidecar_renew_seconds_bucket",
    "requests by outcome": "leader_sidecar_requests_total",
    "changes of leader": "leader_sidecar_transitions_total",
    "who is barred": "leader_sidecar_barred",
}


def panels() -> list[dict[str, Any]]:
    return list(dashboard()["panels"])


def test_prometheus_takes_every_expression(promtool: Promtool, tmp_path: Path) -> None:
    told = dashboard_expressions()
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(told)]
    promtool.check(tmp_path / "panels.yaml", [{"name": "panels", "rules": rules}])


def test_an_expression_that_is_none_is_found_out(promtool: Promtool, tmp_path: Path) -> None:
    rules = [{"record": "panel:0", "expr": dashboard_expressions()[0] + ")"}]
    with pytest.raises(AssertionError, match="could not parse expression"):
        promtool.check(tmp_path / "panels.yaml", [{"name": "panels", "rules": rules}])


@pytest.mark.parametrize("what", SHOWS)
def test_it_shows(what: str) -> None:
    assert SHOWS[what] in {metric for one in dashboard_expressions() for metric, _ in selectors(one)}


def test_every_variable_that_is_used_is_there() -> None:
    used = set(re.findall(r"\$\{?(\w+)", DASHBOARD.read_text()))
    assert used == {one["name"] for one in dashboard()["templating"]["list"]} | {"__rate_interval"}


def test_every_panel_asks_the_chosen_prometheus_about_the_chosen_election() -> None:
    for panel in panels():
        assert panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        letters = [target["refId"] for target in panel["targets"]]
        assert letters == sorted(set(letters)) != []
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]
            assert '"$election"' in target["expr"]


def test_panels_have_numbers_of_their_own_and_do_not_lie_on_each_other() -> None:
    assert len({panel["id"] for panel in panels()}) == len(panels())
    cells = [
        list(itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])))
        for at in (panel["gridPos"] for panel in panels())
    ]
    taken = list(itertools.chain.from_iterable(cells))
    assert len(set(taken)) == len(taken)
    assert {x for x, _ in taken} == set(range(WIDTH))


def unknown_fields(told: Any, known: Any, place: str = "") -> list[str]:
    """Name what Grafana's own model did not take over."""
    if isinstance(told, dict) and isinstance(known, dict):
        return [
            fault
            for key, value in told.items()
            for fault in (unknown_fields(value, known[key], f"{place}/{key}") if key in known else [f"{place}/{key}"])
        ]
    if isinstance(told, list) and isinstance(known, list) and len(told) == len(known):
        pairs = enumerate(zip(told, known, strict=True))
        return [fault for number, (one, other) in pairs for fault in unknown_fields(one, other, f"{place}/{number}")]
    return [] if told == known else [place]


def through_grafana(told: dict[str, Any]) -> Any:
    """Read a dashboard into Grafana's model, and write it again."""
    register_default_plugins()
    return json.loads(json.dumps(Dashboard.from_json(told), cls=JSONEncoder))


def test_grafana_knows_every_field() -> None:
    assert unknown_fields(dashboard(), through_grafana(dashboard())) == []


def test_a_field_that_is_misspelt_is_found_out() -> None:
    told = dashboard()
    told["panels"][0]["options"]["graphMod"] = told["panels"][0]["options"].pop("graphMode")
    told["panels"][1]["targets"][0]["legendFormt"] = "candidates"
    faults = unknown_fields(told, through_grafana(told))
    assert faults == ["/panels/0/options/graphMod", "/panels/1/targets/0/legendFormt"]


def test_it_is_a_dashboard_that_can_be_provisioned() -> None:
    told = dashboard()
    assert told["uid"] == "leader-sidecar"
    assert told["title"]
    assert told["schemaVersion"] >= 36
    # Marks of an export for people to import by hand, and the number of a row in somebody's database.
    assert not told.keys() & {"__inputs", "__requires", "id"}


def test_the_chart_ships_it_where_it_is_asked_for(helm: Helm) -> None:
    assert of_kind(helm.render(), "ConfigMap") == []
    (shipped,) = of_kind(helm.render(sidecar__dashboard__enabled=True), "ConfigMap")
    assert shipped["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(shipped["data"]["leader-sidecar.json"]) == dashboard()


def test_it_carries_the_labels_that_a_grafana_selects_by(helm4: Helm) -> None:
    objects = helm4.render(sidecar__dashboard__enabled=True, sidecar__dashboard__labels={"dashboards": "platform"})
    (shipped,) = of_kind(objects, "ConfigMap")
    assert shipped["metadata"]["labels"]["dashboards"] == "platform"
