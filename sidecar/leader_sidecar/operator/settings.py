"""Owns the settings of the operator's process: rows of the sidecar's table where they mean the same, and its own."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from leader_sidecar.core.timing import Timing
from leader_sidecar.runtime.names import ElectionName, ListenAddress
from leader_sidecar.runtime.setting_sources import Given
from leader_sidecar.runtime.setting_table import SETTINGS, Setting
from leader_sidecar.runtime.settings import SettingsError, read_timing, read_values

_SHARED = (
    "election",
    "lease-duration",
    "renew-deadline",
    "renew-interval",
    "retry-period",
    "stop-margin",
    "max-drift",
    "probe-listen",
    "namespace",
    "pod-name",
    "pod-uid",
    "kubeconfig",
    "log-format",
    "log-level",
)


def _own(setting: Setting) -> Setting:
    if setting.name != "election":
        return setting
    help_ = "the Lease by which the operator's own replicas agree who acts"
    return dataclasses.replace(setting, default="leader-sidecar-operator", help=help_, otherwise="")


_INJECTION = Setting(
    name="injection",
    metavar="FILE",
    default="",
    read=str,
    help="what is put into pods that ask for a sidecar, as the chart writes it",
    otherwise="no injection",
    per_process=True,
)

OPERATOR_SETTINGS: tuple[Setting, ...] = (
    *(_own(setting) for setting in SETTINGS if setting.name in _SHARED),
    _INJECTION,
)


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """Everything an operator's process is told from outside; sound once it exists.

    Args:
        election: the Lease of the operators themselves.
        pod_uid: "" when not known.
        kubeconfig: None for the usual search.
        injection: what the chart says of injection; None for none.
    """

    election: ElectionName
    timing: Timing
    probe_listen: ListenAddress
    pod_name: str
    pod_uid: str
    kubeconfig: str | None
    log_format: str
    log_level: str
    injection: str | None


def settle(given: Sequence[Given], faults: Sequence[str] = ()) -> OperatorSettings:
    """Turn texts into settings.

    Args:
        given: what `gather` found for `OPERATOR_SETTINGS`.
        faults: what was found wrong before.

    Raises: SettingsError with every fault there is.
    """
    values, unread = read_values(given)
    timing = read_timing(values)
    found = [*faults, *unread, *(timing.faults() if timing else [])]
    elections = values.get("election", ())
    if len(elections) > 1:
        found.append("--election is given more than once: the operators have one")
    election = next((ElectionName(one.namespace or values.get("namespace", ""), one.name) for one in elections), None)
    if election is not None and not election.namespace:
        found.append(f"--election {election} has no namespace: set --namespace or POD_NAMESPACE")
    if found or timing is None or election is None:
        raise SettingsError(found)
    return OperatorSettings(
        election=election,
        timing=timing,
        probe_listen=values["probe_listen"],
        pod_name=values["pod_name"],
        pod_uid=values["pod_uid"],
        kubeconfig=values["kubeconfig"] or None,
        log_format=values["log_format"],
        log_level=values["log_level"],
        injection=values["injection"] or None,
    )
