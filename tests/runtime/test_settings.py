"""Settings: one table, five forms, a fixed precedence, and every fault told at once."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from leader_sidecar.core.timing import Timing
from leader_sidecar.runtime.names import ElectionName, ListenAddress
from leader_sidecar.runtime.setting_sources import Source, Surroundings
from leader_sidecar.runtime.setting_table import SETTINGS
from leader_sidecar.runtime.settings import Settings, SettingsError, parse

UID = "3f2b8a4e-1c5d-4f6a-9b7e-0d1c2b3a4f5e"
BARE = Surroundings(namespace_file="/nowhere/namespace", host_name="host-1", on_terminal=False)


def read(*argv: str, environ: Mapping[str, str] | None = None, around: Surroundings = BARE) -> Settings:
    return parse(argv, environ or {}, around)


def faults(*argv: str, environ: Mapping[str, str] | None = None, around: Surroundings = BARE) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(*argv, environ=environ, around=around)
    assert all("\n" not in fault for fault in caught.value.faults)
    return caught.value.faults


def test_one_election_is_all_that_must_be_said() -> None:
    settings = read("--election", "default/payouts")
    assert settings == Settings(
        elections=(ElectionName("default", "payouts"),),
        timing=Timing(15, 10.0, 5.0, 1.0, 2.0, 0.05),
        listen=ListenAddress("localhost", 8080),
        probe_listen=ListenAddress("", 8081),
        namespace="",
        pod_name="host-1",
        pod_uid="",
        kubeconfig=None,
        token_floor=0,
        create_lease=False,
        ready_when_leader=False,
        events=True,
        plain_container=False,
        log_format="json",
        log_level="info",
    )


def test_without_an_election_there_is_nothing_to_do() -> None:
    assert faults() == ["--election is required: set --election NAME, or LEADER_SIDECAR_ELECTION"]


def test_every_setting_is_read_from_flag_and_environment_alike() -> None:
    texts = {
        "election": "a/x,b/y",
        "lease-duration": "30s",
        "renew-deadline": "20s",
        "renew-interval": "4s",
        "retry-period": "500ms",
        "stop-margin": "1.5s",
        "max-drift": "0.1",
        "listen": "127.0.0.1:0",
        "probe-listen": "[::1]:9000",
        "namespace": "ns",
        "pod-name": "web-0",
        "pod-uid": UID,
        "kubeconfig": "/some/file",
        "token-floor": "7",
        "create-lease": "true",
        "ready-when-leader": "yes",
        "events": "false",
        "plain-container": "on",
        "log-format": "text",
        "log-level": "debug",
    }
    assert set(texts) == {setting.name for setting in SETTINGS}
    by_flag = read(*(f"--{name}={text}" for name, text in texts.items()))
    by_environment = read(
        environ={f"LEADER_SIDECAR_{name.replace('-', '_').upper()}": text for name, text in texts.items()}
    )
    assert by_flag == by_environment
    defaults = read("--election", "c/z")
    same = {field for field in Settings.__slots__ if getattr(by_flag, field) == getattr(defaults, field)}
    assert same <= {"given"}, "every setting above differs from its default"


def test_the_flag_wins_over_environment_over_downward_api_over_file(tmp_path: Path) -> None:
    file = tmp_path / "namespace"
    file.write_text("from-file\n")
    around = Surroundings(str(file), "Host-1", False)
    environ = {"LEADER_SIDECAR_NAMESPACE": "from-variable", "POD_NAMESPACE": "from-pod"}
    argv = ["--election", "payouts"]
    seen = []
    for flags in (["--namespace", "from-flag"], []):
        seen.append(read(*argv, *flags, environ=environ, around=around))
    del environ["LEADER_SIDECAR_NAMESPACE"]
    seen.append(read(*argv, environ=environ, around=around))
    environ["POD_NAMESPACE"] = ""
    seen.append(read(*argv, environ=environ, around=around))
    origins = [next(one for one in settings.given if one.setting.name == "namespace") for settings in seen]
    assert [settings.elections[0].namespace for settings in seen] == [
        "from-flag",
        "from-variable",
        "from-pod",
        "from-file",
    ]
    assert [(one.source, one.where) for one in origins] == [
        (Source.FLAG, ""),
        (Source.ENVIRONMENT, "LEADER_SIDECAR_NAMESPACE"),
        (Source.DOWNWARD_API, "POD_NAMESPACE"),
        (Source.FILE, str(file)),
    ]


def test_the_host_name_stands_in_for_the_pods_name() -> None:
    settings = read("--election", "a/x", around=Surroundings("", "Web-0", True))
    assert settings.pod_name == "web-0"
    assert settings.log_format == "text"
    assert read("--election", "a/x", environ={"POD_NAME": "web-1"}).pod_name == "web-1"


def test_a_host_name_that_cannot_stand_in_asks_for_the_flag() -> None:
    assert faults("--election", "a/x", around=Surroundings("", "my_host", False)) == [
        "--pod-name 'my_host' (the host name) is not a DNS-1123 subdomain: set --pod-name"
    ]


def test_a_namespace_is_never_guessed() -> None:
    (fault,) = faults("--election", "payouts", "--election", "b/y")
    assert fault.startswith("--election payouts has no namespace")
    assert "--namespace" in fault
    assert "POD_NAMESPACE" in fault


def test_the_same_lease_twice_is_refused_however_it_is_written() -> None:
    assert faults("--election", "payouts", "--election", "ns/payouts", "--namespace", "ns") == [
        "--election ns/payouts is given twice: one process stands for a Lease once, leave one out"
    ]
    assert read("--election", "a/x", "--election", "b/x").elections == (ElectionName("a", "x"), ElectionName("b", "x"))


def test_elections_keep_their_order() -> None:
    settings = read("--election", "n/zebra", "--election", "n/ape,n/cat")
    assert [one.name for one in settings.elections] == ["zebra", "ape", "cat"]


def test_an_unsafe_timing_is_refused_by_the_lemma() -> None:
    (fault,) = faults("--election", "a/x", "--lease-duration", "12s")
    assert "is not below lease-duration 12s: two leaders could overlap" in fault
    assert read("--election", "a/x", "--lease-duration", "13s").timing.lease_duration_s == 13


def test_the_wires_whole_seconds_are_asked_for() -> None:
    assert faults("--election", "a/x", "--lease-duration", "15500ms") == [
        "--lease-duration '15500ms' is not whole seconds, and a Lease holds no fractions: write 16s"
    ]


def test_every_fault_is_told_at_once() -> None:
    found = faults(
        "--lease-duration=12",
        "--listen=:8080",
        "--token-floor=-1",
        "--renew-intervall=5s",
        "--events=perhaps",
        environ={
            "POD_UID": "payouts-0",
            "LEADER_SIDECAR_ELECTION": "Payouts",
            "LEADER_SIDECAR_LOG_LEVEL": "loud",
            "LEADER_SIDECAR_STOP_MARIGN": "3s",
        },
    )
    starts = [
        "unknown flag '--renew-intervall': did you mean --renew-interval?",
        "unknown environment variable LEADER_SIDECAR_STOP_MARIGN: did you mean LEADER_SIDECAR_STOP_MARGIN?",
        "--election 'Payouts' (from LEADER_SIDECAR_ELECTION) has a name that is not a DNS-1123 subdomain: use",
        "--lease-duration '12' is not a duration: write 12s",
        "--listen ':8080' is not loopback: ",
        "--pod-uid 'payouts-0' (from POD_UID) is not a UUID: take it from the downward API",
        "--token-floor '-1' is not an integer from 0 to 2^53-1: ",
        "--events 'perhaps' is neither true nor false: write true or false",
        "--log-level 'loud' (from LEADER_SIDECAR_LOG_LEVEL) is unknown: write debug, info, warning or error",
    ]
    assert len(found) == len(starts)
    for fault, start in zip(found, starts, strict=True):
        assert fault.startswith(start)


def test_a_flag_without_its_value_is_one_fault_among_others() -> None:
    assert faults("--election", "--max-drift", "much") == [
        "--election needs a value: write --election [NAMESPACE/]NAME",
        "--max-drift 'much' is not a ratio: write 0.05 for 5 %",
    ]


def test_an_argument_that_belongs_to_nothing_is_refused() -> None:
    (fault,) = faults("--election", "a/x", "payouts")
    assert fault.startswith("unknown argument 'payouts'")


def test_a_switch_stands_alone_with_a_value_or_negated() -> None:
    assert read("--election", "a/x", "--create-lease", "--no-events").create_lease
    assert not read("--election", "a/x", "--no-events").events
    assert not read("--election", "a/x", "--create-lease=false").create_lease
    assert read("--election", "a/x", "--no-create-lease", "--create-lease").create_lease


def test_variables_of_a_service_that_is_named_like_us_are_no_settings() -> None:
    environ = {
        "LEADER_SIDECAR_PORT": "tcp://10.0.0.1:8080",
        "LEADER_SIDECAR_LISTEN_PORT": "tcp://10.0.0.1:80",
        "LEADER_SIDECAR_LISTEN_PORT_80_TCP_ADDR": "10.0.0.1",
        "LEADER_SIDECAR_LISTEN_SERVICE_HOST": "10.0.0.1",
        "LEADER_SIDECAR_SERVICE_PORT_HTTP": "8080",
        "LEADER_SIDECAR_SOMETHING_ELSE": "x",
    }
    assert read("--election", "a/x", environ=environ) == read("--election", "a/x")


@pytest.mark.parametrize(
    ("listen", "probe", "clash"),
    [
        ("localhost:8080", ":8080", True),
        ("127.0.0.1:8080", "127.0.0.1:8080", True),
        ("127.0.0.1:8080", "[::1]:8080", False),
        ("127.0.0.1:8080", "10.0.0.1:8080", False),
        ("127.0.0.1:0", ":0", False),
    ],
)
def test_two_listeners_on_one_port_are_refused(listen: str, probe: str, clash: bool) -> None:
    argv = ["--election", "a/x", "--listen", listen, "--probe-listen", probe]
    if clash:
        assert faults(*argv) == [f"--listen {listen} and --probe-listen {probe} want the same port: change one of them"]
    else:
        assert read(*argv).listen.port == read(*argv).probe_listen.port


def test_a_long_wrong_value_is_cut() -> None:
    (fault,) = faults("--election", "a/x", "--log-level", "x" * 10_000)
    assert len(fault) < 200


def test_the_forms_of_a_setting_are_derived_from_its_name() -> None:
    setting = next(one for one in SETTINGS if one.name == "ready-when-leader")
    forms = (setting.flag, setting.environment, setting.chart_value, setting.annotation)
    assert forms == (
        "--ready-when-leader",
        "LEADER_SIDECAR_READY_WHEN_LEADER",
        "readyWhenLeader",
        "leader-sidecar.io/ready-when-leader",
    )


def test_the_tables_defaults_are_sound_and_are_the_cores() -> None:
    for setting in SETTINGS:
        if setting.default:
            setting.read(setting.default)
    assert read("--election", "a/x").timing == Timing()
