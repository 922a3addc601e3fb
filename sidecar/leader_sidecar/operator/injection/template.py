"""Owns what is put into pods: the chart's own container, volume and variable, and how a pod's settings change them.

The chart renders the templates `leader-sidecar.container`, `.volume` and `.env` into a ConfigMap. What is done here for
one pod's settings is what these templates do for values; tests/chart/test_injection.py holds both side by side.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from leader_sidecar.runtime.setting_table import SETTINGS
from leader_sidecar.runtime.settings import Settings

SHARED = tuple(setting for setting in SETTINGS if not setting.per_process)
"""Settings that a pod may be given from outside: those with a chart value and an annotation."""

_DEFAULT_LISTEN = "localhost:8080"


@dataclass(frozen=True, slots=True)
class Template:
    """The rendered parts.

    Args:
        container: as it stands in `initContainers`, a native sidecar.
        volume: the projected token.
        variable: what tells the app where to ask.
    """

    container: Mapping[str, Any]
    volume: Mapping[str, Any]
    variable: Mapping[str, Any]

    @classmethod
    def of(cls, rendered: Mapping[str, Any]) -> Self:
        """Take what the chart rendered.

        Raises: ValueError where it is no sidecar's container, with one line that names the fix.
        """
        container, volume, variable = (rendered.get(key) for key in ("container", "volume", "env"))
        parts = (container, volume, variable)
        if not all(isinstance(part, Mapping) and isinstance(part.get("name"), str) for part in parts):
            raise ValueError("has no container, volume and env with a name each: render it with the operator's chart")
        assert isinstance(container, Mapping)
        if (container.get("args") or [None])[0] != "run" or container.get("restartPolicy") != "Always":
            raise ValueError("has a container that is no native sidecar: leave the chart's plainContainer off")
        return cls(container, volume or {}, variable or {})

    @property
    def name(self) -> str:
        """Name the container: a pod that has one of this name was injected."""
        return str(self.container["name"])

    def texts(self) -> dict[str, str]:
        """Return the texts of the settings that the chart's values gave the container, by the settings' names."""
        flags = (str(argument).removeprefix("--").partition("=") for argument in self.container["args"][1:])
        return {name: text for name, _, text in flags if name != "election"}

    def container_for(self, texts: Mapping[str, str], settings: Settings) -> dict[str, Any]:
        """Make the container of one pod.

        Args:
            texts: of the settings that were given, by name, the election among them; written as they were given.
            settings: what they come to.
        """
        container = copy.deepcopy(dict(self.container))
        named = {setting.name for setting in SHARED} - {"election"}
        flags = [f"--{name}={texts[name]}" for name in sorted(named & texts.keys())]
        container["args"] = ["run", f"--election={texts['election']}", *flags]
        container["ports"][0]["containerPort"] = settings.probe_listen.port
        variable = self.variable_for(texts)
        others = [one for one in container["env"] if one["name"] != variable["name"]]
        # Its own commands ask too; they know the default.
        container["env"] = [*others, variable] if texts.get("listen", _DEFAULT_LISTEN) != _DEFAULT_LISTEN else others
        if settings.plain_container:
            del container["restartPolicy"]
        return container

    def variable_for(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Make the variable for the app's containers."""
        return {**self.variable, "value": f"http://{texts.get('listen', _DEFAULT_LISTEN)}"}
