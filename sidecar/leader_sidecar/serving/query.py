"""Owns how the parameters of a request are read: each known, given once, and of the documented form."""

from collections.abc import Collection

from aiohttp import web

from leader_sidecar.runtime.durations import parse_duration
from leader_sidecar.serving.problem import Problem


class Query:
    """The parameters of one request.

    Args:
        request: whose.
        known: the names that this path knows; another one is refused, because a misspelt `minValid` would be none.

    Raises:
        Problem: 400 for an unknown or repeated parameter.
    """

    def __init__(self, request: web.BaseRequest, known: Collection[str]) -> None:
        self._values: dict[str, str] = {}
        if "?" not in request.raw_path:
            return
        for name, text in request.query.items():
            if name not in known:
                there_is = ", ".join(sorted(known)) or "none"
                raise Problem(400, f"there is no parameter {name[:100]!r} here: known are {there_is}")
            if name in self._values:
                raise Problem(400, f"{name} is given twice: give it once")
            self._values[name] = text

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def duration(self, name: str, default_s: float, longest_s: float) -> float:
        """Read a duration in seconds, `default_s` where it is not given.

        Raises: Problem 400 for another form, or more than `longest_s`.
        """
        text = self._values.get(name)
        if text is None:
            return default_s
        try:
            seconds = parse_duration(text)
        except ValueError as fault:
            raise Problem(400, f"{name}={text[:100]!r} {fault}") from None
        if seconds > longest_s:
            raise Problem(400, f"{name}={text!r} is over {longest_s:g}s: ask for less")
        return seconds

    def index(self) -> int:
        """Read the index of an answer seen before.

        Raises: Problem 400 for anything but 1 to 15 ASCII digits.
        """
        text = self._values["index"]
        if not (text.isascii() and text.isdigit() and len(text) <= 15):
            shown = text[:100]
            raise Problem(400, f"index={shown!r} is no index: give back the one of an earlier answer, such as index=17")
        return int(text)

    def truth(self, name: str) -> bool:
        """Read `true` or `false`, false where it is not given.

        Raises: Problem 400 for another word.
        """
        text = self._values.get(name, "false")
        if text not in ("true", "false"):
            raise Problem(400, f"{name}={text[:100]!r} is neither true nor false: write {name}=true")
        return text == "true"
