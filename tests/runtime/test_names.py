"""Names and addresses in settings are read strictly, and every refusal names the fix."""

import pytest

from leader_sidecar.runtime.names import (
    ElectionName,
    ListenAddress,
    read_address,
    read_elections,
    read_loopback_address,
    read_pod_uid,
    read_subdomain,
)

UID = "3f2b8a4e-1c5d-4f6a-9b7e-0d1c2b3a4f5e"


@pytest.mark.parametrize(
    ("text", "elections"),
    [
        ("payouts", [("", "payouts")]),
        ("default/payouts", [("default", "payouts")]),
        ("a.b-c.d, ns/x", [("", "a.b-c.d"), ("ns", "x")]),
        ("x" * 253, [("", "x" * 253)]),
    ],
)
def test_an_election_is_a_lease_with_or_without_its_namespace(text: str, elections: list[tuple[str, str]]) -> None:
    assert read_elections(text) == tuple(ElectionName(*one) for one in elections)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not [NAMESPACE/]NAME"),
        ("/payouts", "is not [NAMESPACE/]NAME"),
        ("default/", "is not [NAMESPACE/]NAME"),
        ("a,,b", "is not [NAMESPACE/]NAME"),
        ("a/b/c", "has a namespace that is not a DNS-1123 label"),
        ("Default/payouts", "has a namespace that is not a DNS-1123 label"),
        (f"{'n' * 64}/payouts", "has a namespace that is not a DNS-1123 label"),
        ("default/Payouts", "has a name that is not a DNS-1123 subdomain"),
        ("payouts_1", "has a name that is not a DNS-1123 subdomain"),
        ("-payouts", "has a name that is not a DNS-1123 subdomain"),
        ("payouts.", "has a name that is not a DNS-1123 subdomain"),
        ("x" * 254, "has a name that is not a DNS-1123 subdomain"),
        ("payouts\n", "is not"),
    ],
)
def test_a_name_that_no_lease_can_have_is_refused(text: str, reason: str) -> None:
    if text.endswith("\n"):
        assert read_elections(text) == (ElectionName("", "payouts"),), "space around a name is not part of it"
        return
    with pytest.raises(ValueError, match=reason.replace("[", r"\[").replace("]", r"\]")):
        read_elections(text)


@pytest.mark.parametrize("text", ["web-0", "a", "10-0-0-1.node"])
def test_a_pod_name_is_a_dns_subdomain(text: str) -> None:
    assert read_subdomain(text) == text


def test_a_pod_uid_is_a_uuid() -> None:
    assert read_pod_uid(UID.upper()) == UID
    for text in ("", "payouts-0", "$(POD_UID)", UID[:-1], UID + "0", UID.replace("-", "")):
        with pytest.raises(ValueError, match="is not a UUID: take it from the downward API"):
            read_pod_uid(text)


@pytest.mark.parametrize(
    ("text", "address", "hosts"),
    [
        ("localhost:8080", ListenAddress("localhost", 8080), ("127.0.0.1", "::1")),
        ("127.0.0.1:0", ListenAddress("127.0.0.1", 0), ("127.0.0.1",)),
        (":8081", ListenAddress("", 8081), ("0.0.0.0", "::")),
        ("[::1]:8080", ListenAddress("::1", 8080), ("::1",)),
        ("[0:0:0:0:0:0:0:1]:80", ListenAddress("::1", 80), ("::1",)),
        ("10.1.2.3:65535", ListenAddress("10.1.2.3", 65535), ("10.1.2.3",)),
    ],
)
def test_an_address_says_which_hosts_to_bind(text: str, address: ListenAddress, hosts: tuple[str, ...]) -> None:
    assert read_address(text) == address
    assert address.hosts == hosts
    assert read_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8080",
        "localhost",
        "::1:8080",
        "[::1]",
        "[1.2.3.4]:1",
        "[zz]:1",
        "a:b:c",
        "host:80",
        "1.2.3:80",
        ":65536",
        ":-1",
        ":٣",
    ],
)
def test_an_address_that_cannot_be_bound_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(is not|has|names) .*: (write|ports)"):
        read_address(text)


@pytest.mark.parametrize("text", ["localhost:1", "127.0.0.1:1", "127.8.8.8:1", "[::1]:1"])
def test_the_app_is_answered_on_loopback(text: str) -> None:
    assert str(read_loopback_address(text)) == text


@pytest.mark.parametrize("text", [":8080", "0.0.0.0:8080", "[::]:8080", "10.0.0.1:8080", "[fe80::1]:8080"])
def test_the_app_is_answered_nowhere_else_and_told_why(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not loopback: .* in this pod only.*: write localhost:8080"):
        read_loopback_address(text)
