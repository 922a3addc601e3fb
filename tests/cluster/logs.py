"""The JSON lines that a process of this project wrote into its log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def json_lines(log_file: Path) -> list[dict[str, Any]]:
    """Return every whole line of JSON, over restarts; none where there is no file yet."""
    if not log_file.exists():
        return []
    text = log_file.read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{") and line.endswith("}")]
