"""Owns the command `doctor`: looks at everything around a sidecar, one by one, and says what mends it."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leader_sidecar.cli.api_asking import ApiServer, NoAnswer
from leader_sidecar.cli.doctor_access import api_server, endpoint_findings, token_finding
from leader_sidecar.cli.doctor_api import Wanted, identity_finding, lease_findings, reach_findings, right_findings
from leader_sidecar.cli.doctor_machine import clock_findings, listen_finding, probe_finding
from leader_sidecar.cli.findings import Finding, Verdict, as_documents, as_lines, ok, skipped, wrong
from leader_sidecar.cli.parsing import Parser, tell_faults
from leader_sidecar.runtime.clock import Clock
from leader_sidecar.runtime.names import ElectionName
from leader_sidecar.runtime.setting_sources import Given, add_flags, gather, misspelt, unknown_arguments
from leader_sidecar.runtime.settings import SettingsError, read_values, settle

_API_CHECKS = "rights and Leases"


def parser() -> Parser:
    """Make the parser of `doctor`."""
    made = Parser(
        "doctor",
        "Look at everything around a sidecar with these settings: what is wrong, and the command that mends it. "
        "It changes nothing. Exit 0 when all is well, 1 when something is wrong, 2 when the API could not be asked.",
        usage="%(prog)s [--json] [settings]",
    )
    made.add_argument("--json", action="store_true", help="print one JSON document")
    add_flags(made)
    return made


def main(argv: Sequence[str]) -> int:
    """Look, print each finding as it is made, and count."""
    made = parser()
    flags, extras = made.parse_known_args(list(argv))
    if extras:
        return tell_faults(made.prog, unknown_arguments(made, extras))
    findings: list[Finding] = []
    for finding in _findings(gather(vars(flags), os.environ), Clock()):
        findings.append(finding)
        if not flags.json:
            print("\n".join(as_lines([finding], width=22)), flush=True)
    asked = all(finding.check != _API_CHECKS for finding in findings)
    wrongs = sum(finding.verdict is Verdict.WRONG for finding in findings)
    if flags.json:
        print(json.dumps({"findings": as_documents(findings), "wrong": wrongs, "api_asked": asked}, indent=2))
    else:
        print(
            "\nall is well" if not wrongs else f"\n{wrongs} wrong" + ("" if asked else "; the API could not be asked")
        )
    return 2 if not asked else 1 if wrongs else 0


def _findings(given: Sequence[Given], clock: Clock) -> Iterator[Finding]:
    yield from _settings(given)
    values, _ = read_values(given)
    yield from clock_findings(clock.now_s)
    for key, look in (("listen", listen_finding), ("probe_listen", probe_finding)):
        if key in values:
            yield look(values[key])
    found, endpoint = endpoint_findings(values.get("kubeconfig") or None, os.environ)
    yield from found
    if endpoint is None:
        yield skipped(_API_CHECKS, "no API server to ask")
        return
    api = api_server(endpoint, clock.now_s())
    try:
        yield token_finding(api, clock.wall_us() / 1e6)
        yield from _at_the_api(api, _wanted(values), clock)
    except NoAnswer as error:
        yield wrong("API server", error.why, error.fix)
        yield skipped(_API_CHECKS, "the API server could not be asked")


def _settings(given: Sequence[Given]) -> list[Finding]:
    try:
        settings = settle(given, misspelt(os.environ))
    except SettingsError as error:
        return [wrong("settings", fault, "leader-sidecar config --show") for fault in error.faults]
    return [ok("settings", f"sound, for {', '.join(map(str, settings.elections))}")]


def _at_the_api(api: ApiServer, wanted: Wanted, clock: Clock) -> Iterator[Finding]:
    yield from reach_findings(api, clock.wall_us() / 1e6)
    identity, user = identity_finding(api)
    yield identity
    if identity.verdict is Verdict.WRONG:
        return
    yield from right_findings(api, wanted, user)
    for election in wanted.elections:
        yield from lease_findings(api, election, wanted)


def _wanted(values: Mapping[str, Any]) -> Wanted:
    """Take what could be read, also where some settings are wrong: all at once is what a doctor is for."""
    namespace = values.get("namespace", "")
    elections = [ElectionName(one.namespace or namespace, one.name) for one in values.get("election", ())]
    return Wanted(
        elections=tuple(dict.fromkeys(one for one in elections if one.namespace)),
        lease_duration_s=values.get("lease_duration"),
        token_floor=values.get("token_floor", 0),
        create_lease=values.get("create_lease", False),
        events=values.get("events", True),
    )
