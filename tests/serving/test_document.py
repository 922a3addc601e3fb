"""The JSON document of an answer."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from leader_sidecar.core.status import Answer, Leader
from leader_sidecar.serving.document import document, fencing_headers
from serving.election import FakeElection


async def test_the_end_of_validity_is_rounded_down() -> None:
    answer = replace(FakeElection().answer(), valid_until_s=12.3459)
    assert json.loads(document(answer, late=True))["validUntilBoottimeSeconds"] == 12.345


TOKENS = st.none() | st.integers(1, 2**53 - 1)
SECONDS = st.floats(0, 1e9).map(lambda seconds: round(seconds, 3))
LEADERS = st.builds(Leader, st.text(), st.text(), TOKENS, st.text(), st.text())
ANSWERS = st.builds(
    Answer,
    st.text(),
    st.booleans(),
    TOKENS,
    SECONDS,
    SECONDS,
    st.none() | LEADERS,
    st.text(),
    st.text(),
    st.integers(1),
)


@given(ANSWERS, st.booleans())
def test_a_document_is_the_json_of_its_answer_on_one_line(answer: Answer, late: bool) -> None:
    text, leader = document(answer, late=late), answer.leader
    told = json.loads(text)
    assert "\n" not in text
    assert ("validUntilBoottimeSeconds" in told) == late
    told.pop("validUntilBoottimeSeconds", None)
    assert told == {
        "election": answer.election,
        "isLeader": answer.is_leader,
        "token": answer.token,
        "validForSeconds": answer.valid_for_s,
        "leader": leader
        and {
            "name": leader.name,
            "identity": leader.identity,
            "token": leader.token,
            "acquiredAt": leader.acquired_at,
            "renewedAt": leader.renewed_at,
        },
        "self": {"name": answer.self_name, "identity": answer.self_identity},
        "index": answer.index,
    }


async def test_a_document_is_one_line_with_names_as_they_are() -> None:
    answer = replace(FakeElection().answer(), election="Zoë\n", token=None)
    assert document(answer).startswith('{"election": "Zoë\\n", "isLeader": false, "token": null, ')


async def test_the_token_is_a_header_only_when_leading() -> None:
    election = FakeElection()
    assert fencing_headers(election.answer()) == {"Cache-Control": "no-store"}
    await election.lead(token=2**53 - 1)
    assert fencing_headers(election.answer())["X-Fencing-Token"] == "9007199254740991"
