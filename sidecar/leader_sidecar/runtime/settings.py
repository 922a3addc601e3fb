"""Owns the settings of a sidecar's process, and what makes them wrong.

Every fault is found at once and told in one line that names the flag, where the value came from, and the fix.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leader_sidecar.core.timing import Timing
from leader_sidecar.runtime.names import ElectionName, ListenAddress
from leader_sidecar.runtime.setting_sources import (
    NO_VALUE,
    Given,
    Source,
    Surroundings,
    add_flags,
    gather,
    misspelt,
    unknown_arguments,
)
from leader_sidecar.runtime.setting_table import TIMING_SETTINGS


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a sidecar's process is told from outside; sound once it exists.

    Args:
        elections: at least one, each with its namespace, no Lease twice; `/leader` answers for the first.
        namespace: "" when neither given nor needed.
        pod_uid: "" when not known; then an earlier process of this pod is not recognised.
        kubeconfig: None for the usual search.
        plain_container: the app may still be at work when SIGTERM arrives.
        given: each setting's text and origin, in the order of the table.
    """

    elections: tuple[ElectionName, ...]
    timing: Timing
    listen: ListenAddress
    probe_listen: ListenAddress
    namespace: str
    pod_name: str
    pod_uid: str
    kubeconfig: str | None
    token_floor: int
    create_lease: bool
    ready_when_leader: bool
    events: bool
    plain_container: bool
    log_format: str
    log_level: str
    given: tuple[Given, ...] = field(default=(), repr=False, compare=False)


class SettingsError(Exception):
    """The settings are wrong; `faults` holds one line each."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = list(faults)


def parse(argv: Sequence[str], environ: Mapping[str, str], surroundings: Surroundings | None = None) -> Settings:
    """Read the settings of one process.

    Args:
        argv: flags, without the command's name.
        environ: the environment; an empty variable counts as not set.
        surroundings: the machine; None to look.

    Raises:
        SettingsError: with every fault there is.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    add_flags(parser)
    flags, extras = parser.parse_known_args(list(argv))
    return settle(gather(vars(flags), environ, surroundings), unknown_arguments(parser, extras) + misspelt(environ))


def settle(given: Sequence[Given], faults: Sequence[str] = ()) -> Settings:
    """Turn texts into settings.

    Args:
        given: what `gather` found for the whole table.
        faults: what was found wrong before.

    Raises:
        SettingsError: with every fault there is.
    """
    values, unread = read_values(given)
    timing = read_timing(values)
    elections = _with_namespace(values.get("election", ()), values.get("namespace", ""))
    found = [*faults, *unread, *_election_faults(elections), *_address_faults(values)]
    found += timing.faults() if timing else []
    if found or timing is None:
        raise SettingsError(found)
    apart = {"election", "kubeconfig", *(setting.key for setting in TIMING_SETTINGS)}
    rest = {key: value for key, value in values.items() if key not in apart}
    return Settings(
        elections=elections, timing=timing, kubeconfig=values["kubeconfig"] or None, given=tuple(given), **rest
    )


def read_values(given: Sequence[Given]) -> tuple[dict[str, Any], list[str]]:
    """Read each text by its setting's syntax.

    Returns:
        The values by the settings' keys, without those that could not be read; and one line for each of these.
    """
    values: dict[str, Any] = {}
    faults = []
    for one in given:
        setting = one.setting
        if one.text == "" and one.source is Source.DEFAULT:
            if setting.name == "election":
                faults.append(f"{setting.flag} is required: set {setting.flag} NAME, or {setting.environment}")
            else:
                values[setting.key] = ""
        elif NO_VALUE in one.text:
            faults.append(f"{setting.flag} needs a value: write {setting.flag} {setting.default or setting.metavar}")
        else:
            try:
                values[setting.key] = setting.read(one.text)
            except ValueError as fault:
                faults.append(_fault(one, str(fault)))
    return values, faults


def _fault(one: Given, sentence: str) -> str:
    shown = one.text if len(one.text) <= 80 else one.text[:77] + "..."
    if one.source is Source.HOST:
        return f"{one.setting.flag} {shown!r} (the host name) {sentence.partition(':')[0]}: set {one.setting.flag}"
    origin = f" (from {one.where})" if one.where else ""
    return f"{one.setting.flag} {shown!r}{origin} {sentence}"


def read_timing(values: Mapping[str, Any]) -> Timing | None:
    """Put the numbers of an election together; None when one of them could not be read."""
    if any(setting.key not in values for setting in TIMING_SETTINGS):
        return None
    return Timing(
        lease_duration_s=values["lease_duration"],
        renew_deadline_s=values["renew_deadline"],
        renew_interval_s=values["renew_interval"],
        retry_period_s=values["retry_period"],
        stop_margin_s=values["stop_margin"],
        max_drift=values["max_drift"],
    )


def _with_namespace(elections: Sequence[ElectionName], namespace: str) -> tuple[ElectionName, ...]:
    return tuple(ElectionName(one.namespace or namespace, one.name) for one in elections)


def _election_faults(elections: Sequence[ElectionName]) -> list[str]:
    homeless = [str(one) for one in elections if not one.namespace]
    twice = sorted({one for one in elections if elections.count(one) > 1})
    faults = [f"--election {one} is given twice: one process stands for a Lease once, leave one out" for one in twice]
    if homeless:
        # Never guessed: two pods that guess differently would stand for two Leases, and both would lead.
        faults.append(
            f"--election {homeless[0]} has no namespace and the pod's is not known: set --namespace or POD_NAMESPACE, "
            f"or write --election NAMESPACE/{homeless[0]}"
        )
    return faults


def _address_faults(values: Mapping[str, Any]) -> list[str]:
    listen, probe = values.get("listen"), values.get("probe_listen")
    if not isinstance(listen, ListenAddress) or not isinstance(probe, ListenAddress):
        return []
    wild = {"0.0.0.0", "::"} & {*listen.hosts, *probe.hosts}
    if listen.port != probe.port or listen.port == 0 or not (wild or {*listen.hosts} & {*probe.hosts}):
        return []
    return [f"--listen {listen} and --probe-listen {probe} want the same port: change one of them"]
