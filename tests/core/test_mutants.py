"""The properties can fail: mistakes put into the core one at a time, each caught by the small world's judge.

The mistakes are those of the laboratory's list that lie in the core and show in a story; the judge is another.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from core.test_promises import STORIES, STORIES_WITH_RESTORES, Story, played
from lab.variants import VARIANTS

CAUGHT_BY = {
    "leads_on_beside_another": {"I8"},
    "stale_read_believed": {"I10"},
    "overtaken_answer_is_restore": {"I10"},
    "watch_believed": {"I4"},
    "empty_holder_is_free": {"I1"},
    "unhealthy_leads_on": {"I9"},
    "restore_forgiven": {"I10"},
    "counted_from_response": {"I4"},
    "latest_attempt_credited": {"I4"},
    "renew_time_believed": {"I1"},
    "records_duration_alone": {"I1"},
    "cached_answer": {"I9"},
    "records_token_shown": {"I3"},
    "released_while_at_work": {"I1"},
    "released_without_looking": {"I7"},
    "token_is_transitions": {"I2"},
    "token_kept_across_restart": {"I2"},
    "token_not_raised_after_deletion": {"I2"},
    "foreign_fields_dropped": {"I11"},
}


class Caught(Exception):
    """A story broke one of the promises that the mistake must break."""


@pytest.mark.parametrize("name", CAUGHT_BY)
def test_the_mistake_is_caught(name: str) -> None:
    restores = name in ("restore_forgiven", "stale_read_believed")

    @settings(
        max_examples=1500,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(STORIES_WITH_RESTORES if restores else STORIES)
    def play(story: Story) -> None:
        if CAUGHT_BY[name] & {promise for promise, _ in played(story, restores=restores).broken}:
            raise Caught

    with VARIANTS[name].patch(), pytest.raises(Caught):
        play()
