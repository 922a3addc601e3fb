"""The JSON document of an answer."""

from __future__ import annotations

from dataclasses import replace

from leader_sidecar.serving.document import document, encode, fencing_headers
from serving.election import FakeElection


async def test_the_end_of_validity_is_rounded_down() -> None:
    answer = replace(FakeElection().answer(), valid_until_s=12.3459)
    assert document(answer, late=True)["validUntilBoottimeSeconds"] == 12.345


async def test_a_document_is_one_line_with_names_as_they_are() -> None:
    assert encode({"name": "Zoë\n", "token": None}) == '{"name": "Zoë\\n", "token": null}'.encode()


async def test_the_token_is_a_header_only_when_leading() -> None:
    election = FakeElection()
    assert fencing_headers(election.answer()) == {"Cache-Control": "no-store"}
    await election.lead(token=2**53 - 1)
    assert fencing_headers(election.answer())["X-Fencing-Token"] == "9007199254740991"
