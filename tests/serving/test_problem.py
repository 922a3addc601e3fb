"""How an error is told."""

from __future__ import annotations

import json

from leader_sidecar.serving.problem import Problem


def test_a_problem_is_told_as_rfc_9457_says() -> None:
    problem = Problem(405, "use GET", {"Allow": "GET"})
    assert json.loads(problem.body()) == {
        "type": "about:blank",
        "title": "Method Not Allowed",
        "status": 405,
        "detail": "use GET",
    }
    response = problem.response()
    assert response.status == 405
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Allow"] == "GET"


def test_bytes_that_are_no_text_can_be_told() -> None:
    assert json.loads(Problem(404, "there is nothing at /\udcff").body())["detail"].endswith("/\udcff")
