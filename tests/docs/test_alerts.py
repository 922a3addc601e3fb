"""Every alert has its runbook, and every runbook its alert."""

from __future__ import annotations

import pytest

from chart.monitoring import RUNBOOKS, alert_rules
from docs.pages import ROOT, anchors, sections

PAGE = ROOT / "docs" / "alerts.md"
PARTS = ("**What it means.**", "**How to look.**", "**What to do.**")


def test_every_alert_has_a_section_and_every_section_an_alert() -> None:
    assert list(sections(PAGE)) == list(alert_rules())


@pytest.mark.parametrize("alert", alert_rules())
def test_a_runbook_says_what_it_means_how_to_look_and_what_to_do(alert: str) -> None:
    text = sections(PAGE)[alert]
    places = [text.find(part) for part in PARTS]
    assert -1 < places[0] < places[1] < places[2]
    assert "```sh\n" in text[places[1] : places[2]], "no command to look with"


def test_every_runbook_url_is_an_anchor_of_the_page() -> None:
    for rule in alert_rules().values():
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert page == RUNBOOKS
        assert anchor in anchors(PAGE)
