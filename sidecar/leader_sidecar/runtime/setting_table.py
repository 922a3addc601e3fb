"""Owns the one table of settings: name, default, syntax, help; every form of a setting is derived from its name.

Flag `--lease-duration`, environment `LEADER_SIDECAR_LEASE_DURATION`, chart value and CRD field `leaseDuration`,
annotation `leader-sidecar.io/lease-duration`. A reader turns text into the value, or raises `ValueError` with the rest
of a sentence that begins with flag and text and names the fix.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from leader_sidecar.core.token import MAX_TOKEN
from leader_sidecar.runtime.durations import parse_duration
from leader_sidecar.runtime.names import (
    read_address,
    read_elections,
    read_label,
    read_loopback_address,
    read_pod_uid,
    read_subdomain,
)

ENVIRONMENT_PREFIX = "LEADER_SIDECAR_"
SERVICE_ACCOUNT_DIR_VARIABLE = "LEADER_SIDECAR_SERVICE_ACCOUNT_DIR"  # for tests and odd pods; no setting
SERVICE_ACCOUNT_DIR = "/var/run/secrets/kubernetes.io/serviceaccount"

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table.

    Args:
        name: with dashes; every form is derived from it.
        metavar: what stands for the value in help.
        default: the default as a person would write it; "" for none.
        read: text to value.
        help: one line; says nothing that `default` and `otherwise` say.
        otherwise: where the value comes from when neither flag nor environment nor default has it, for people.
        downward: the environment variable that the downward API fills, "" for none.
        switch: the flag may stand without a value, and has a `--no-` twin.
        timing: one of the numbers of the election (`core.timing.Timing`).
        per_process: each process's own, so that it has no chart value, CRD field or annotation.
    """

    name: str
    metavar: str
    default: str
    read: Callable[[str], Any]
    help: str
    otherwise: str = ""
    downward: str = ""
    switch: bool = False
    timing: bool = False
    per_process: bool = False

    @property
    def flag(self) -> str:
        return f"--{self.name}"

    @property
    def key(self) -> str:
        """The name as an attribute: `lease_duration`."""
        return self.name.replace("-", "_")

    @property
    def environment(self) -> str:
        return ENVIRONMENT_PREFIX + self.key.upper()

    @property
    def chart_value(self) -> str:
        """The name as a chart value and as a CRD field: `leaseDuration`."""
        head, *rest = self.name.split("-")
        return head + "".join(word.capitalize() for word in rest)

    @property
    def annotation(self) -> str:
        return f"leader-sidecar.io/{self.name}"


def _read_whole_seconds(text: str) -> int:
    seconds = parse_duration(text)
    if seconds != int(seconds):
        raise ValueError(f"is not whole seconds, and a Lease holds no fractions: write {int(seconds) + 1}s")
    return int(seconds)


def _read_drift(text: str) -> float:
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,9})?", text) is None:
        raise ValueError("is not a ratio: write 0.05 for 5 %")
    return float(text)


def _read_switch(text: str) -> bool:
    if text.lower() not in _WORDS:
        raise ValueError("is neither true nor false: write true or false")
    return _WORDS[text.lower()]


def _read_token_floor(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,16}", text) is None or int(text) > MAX_TOKEN:
        raise ValueError("is not an integer from 0 to 2^53-1: write the highest token any guard has seen")
    return int(text)


def _choice(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"is unknown: write {', '.join(choices[:-1])} or {choices[-1]}")
        return text.lower()

    return read


SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="election",
        metavar="[NAMESPACE/]NAME",
        default="",
        read=read_elections,
        help="the Lease to stand for; repeat it, or put commas between, for several elections",
        otherwise="required",
    ),
    Setting(
        name="lease-duration",
        metavar="D",
        default="15s",
        read=_read_whole_seconds,
        help="how long followers wait on an unchanged record before one takes over; whole seconds",
        timing=True,
    ),
    Setting(
        name="renew-deadline",
        metavar="R",
        default="10s",
        read=parse_duration,
        help="how long this pod leads after the last acknowledged renewal was sent",
        timing=True,
    ),
    Setting(
        name="renew-interval",
        metavar="DURATION",
        default="5s",
        read=parse_duration,
        help="from one successful renewal to the next",
        timing=True,
    ),
    Setting(
        name="retry-period",
        metavar="DURATION",
        default="1s",
        read=parse_duration,
        help="between attempts while they fail",
        timing=True,
    ),
    Setting(
        name="stop-margin",
        metavar="M",
        default="2s",
        read=parse_duration,
        help="how long the app may still be at work after its last answer ran out",
        timing=True,
    ),
    Setting(
        name="max-drift",
        metavar="RATIO",
        default="0.05",
        read=_read_drift,
        help="how far the rates of any two clocks may differ; (R + M) x (1 + RATIO) must stay below D",
        timing=True,
    ),
    Setting(
        name="listen",
        metavar="HOST:PORT",
        default="localhost:8080",
        read=read_loopback_address,
        help="where the app asks; loopback only, localhost is both families",
    ),
    Setting(
        name="probe-listen",
        metavar="HOST:PORT",
        default=":8081",
        read=read_address,
        help="where the kubelet and Prometheus ask; no host means every address of the pod",
    ),
    Setting(
        name="namespace",
        metavar="NAMESPACE",
        default="",
        read=read_label,
        help="the namespace of elections that name none",
        otherwise="POD_NAMESPACE, else the service account's namespace",
        downward="POD_NAMESPACE",
        per_process=True,
    ),
    Setting(
        name="pod-name",
        metavar="NAME",
        default="",
        read=read_subdomain,
        help="what people read in the Lease as the holder",
        otherwise="POD_NAME, else the host name",
        downward="POD_NAME",
        per_process=True,
    ),
    Setting(
        name="pod-uid",
        metavar="UID",
        default="",
        read=read_pod_uid,
        help="lets a restarted container take over from its own dead process at once",
        otherwise="POD_UID, else none",
        downward="POD_UID",
        per_process=True,
    ),
    Setting(
        name="kubeconfig",
        metavar="FILE",
        default="",
        read=str,
        help="how to reach the API server from outside a cluster",
        otherwise="in-cluster, else KUBECONFIG, else ~/.kube/config",
        per_process=True,
    ),
    Setting(
        name="token-floor",
        metavar="N",
        default="0",
        read=_read_token_floor,
        help="added to every new token; raised after an etcd restore, and kept from then on",
    ),
    Setting(
        name="create-lease",
        metavar="BOOL",
        default="false",
        read=_read_switch,
        help="create an absent Lease, which needs the right to create Leases",
        switch=True,
    ),
    Setting(
        name="ready-when-leader",
        metavar="BOOL",
        default="false",
        read=_read_switch,
        help="/readyz is ready on the leader only, for active/passive Services",
        switch=True,
    ),
    Setting(
        name="events",
        metavar="BOOL",
        default="true",
        read=_read_switch,
        help="write a Kubernetes Event at each change, where RBAC allows it",
        switch=True,
    ),
    Setting(
        name="plain-container",
        metavar="BOOL",
        default="false",
        read=_read_switch,
        help="this is no native sidecar: at SIGTERM the app may still work, keep the Lease until its answer ran out",
        switch=True,
    ),
    Setting(
        name="log-format",
        metavar="FORMAT",
        default="",
        read=_choice("text", "json"),
        help="text or json",
        otherwise="text on a terminal, else json",
    ),
    Setting(
        name="log-level",
        metavar="LEVEL",
        default="info",
        read=_choice("debug", "info", "warning", "error"),
        help="debug, info, warning or error",
    ),
)

TIMING_SETTINGS = tuple(setting for setting in SETTINGS if setting.timing)
