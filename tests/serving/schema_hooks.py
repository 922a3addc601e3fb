"""What openapi.yaml says in words only, for schemathesis: the longest durations, and that `wait` needs an `index`."""

from __future__ import annotations

import re
from typing import Any

import schemathesis

_LONGEST_MS = {"wait": 50.0, "minValid": 3_600_000.0, "cooldown": 3_600_000.0}
_UNIT_MS = {"ms": 1.0, "s": 1000.0, "m": 60_000.0}


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case, __: dict[str, Any]) -> None:
    """Mend a query that fits the schema and breaks its words; and wait shortly: it learns which index is due."""
    query = case.query or {}
    if "wait" in query:
        query.setdefault("index", "0")
    elif "index" in query:
        query["wait"] = "50ms"
    for name in _LONGEST_MS.keys() & query.keys():
        if _in_ms(query[name]) > _LONGEST_MS[name]:
            query[name] = f"{_LONGEST_MS[name]:.0f}ms"


def _in_ms(text: object) -> float:
    found = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(ms|s|m)", text) if isinstance(text, str) else None
    return float(found[1]) * _UNIT_MS[found[2]] if found else 0.0
