"""Kubeconfig files: YAML or JSON, merged as kubectl does."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from leader_sidecar.kube.endpoint import EndpointError
from leader_sidecar.kube.kubeconfig_files import read_kubeconfigs

YAML = """
apiVersion: v1
current-context: one
clusters:
- name: k
  cluster: {server: "https://one:1"}
contexts:
- {name: one, context: {cluster: k}}
users: null
"""


def write(file: Path, **document: Any) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(document))
    return file


def cluster(name: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"name": name, "cluster": fields}]


def test_first_file_wins_whole_entries_and_the_first_current_context_counts(tmp_path: Path) -> None:
    first = write(tmp_path / "a", clusters=cluster("k", server="https://first"))
    second = write(
        tmp_path / "b",
        clusters=cluster("k", server="https://second", **{"tls-server-name": "s"}) + cluster("other", server="o"),
        **{"current-context": "two"},
    )
    third = write(tmp_path / "c", **{"current-context": "three"})
    config = read_kubeconfigs([first, second, third], must_exist=False)
    assert config.current_context == "two"
    assert config.entry("cluster", "k").fields == {"server": "https://first"}
    assert config.entry("cluster", "other").text("server") == "o"
    assert config.source == f"{first}:{second}:{third}"


def test_files_that_are_not_there_are_skipped_unless_named_by_the_flag(tmp_path: Path) -> None:
    present, absent = write(tmp_path / "a", **{"current-context": "x"}), tmp_path / "absent"
    assert read_kubeconfigs([absent, present], must_exist=False).current_context == "x"
    with pytest.raises(EndpointError, match=r"cannot read kubeconfig .*absent"):
        read_kubeconfigs([absent], must_exist=True)
    with pytest.raises(EndpointError, match=r"none of .*absent exists"):
        read_kubeconfigs([absent], must_exist=False)


def test_paths_are_relative_to_the_file_they_stand_in(tmp_path: Path) -> None:
    first = write(tmp_path / "a/config", clusters=cluster("k", **{"certificate-authority": "ca", "absolute": "/ca"}))
    entry = read_kubeconfigs([first], must_exist=True).entry("cluster", "k")
    assert entry.path("certificate-authority") == tmp_path / "a/ca"
    assert entry.path("absolute") == Path("/ca")
    assert entry.path("absent") is None


def test_yaml_is_read(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(YAML)
    assert read_kubeconfigs([file], must_exist=True).entry("cluster", "k").text("server") == "https://one:1"


def test_json_is_read_without_pyyaml_and_yaml_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert read_kubeconfigs([write(tmp_path / "j", **{"current-context": "x"})], must_exist=True).current_context == "x"
    file = tmp_path / "y"
    file.write_text(YAML)
    with pytest.raises(EndpointError, match=r"pip install 'leader-sidecar\[kubeconfig\]'"):
        read_kubeconfigs([file], must_exist=True)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a: [", "neither JSON nor YAML"),
        ("!!python/object/apply:os.system ['true']", "neither JSON nor YAML"),
        ("[1, 2]", "not a kubeconfig but a list"),
        ("just text", "not a kubeconfig but a str"),
        ("clusters: {a: b}", "clusters is not a list"),
        ("clusters: [a]", "an entry of clusters is not a name with a cluster"),
        ("users: [{name: 1, user: {}}]", "an entry of users"),
        ("contexts: [{name: a, context: b}]", "an entry of contexts"),
        ("current-context: 7", "current-context is not a string"),
    ],
)
def test_file_that_is_no_kubeconfig_is_one_line_that_names_it(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "config"
    file.write_text(content)
    with pytest.raises(EndpointError, match=says) as error:
        read_kubeconfigs([file], must_exist=True)
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)


def test_file_of_any_size_is_not_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "config"
    with file.open("wb") as stream:
        stream.truncate(5 << 20)
    with pytest.raises(EndpointError, match="larger than"):
        read_kubeconfigs([file], must_exist=True)


def test_missing_entry_lists_the_names_there_are(tmp_path: Path) -> None:
    config = read_kubeconfigs([write(tmp_path / "a", clusters=cluster("k"))], must_exist=True)
    with pytest.raises(EndpointError, match=r"no cluster 'x'.*there are: k"):
        config.entry("cluster", "x")
    with pytest.raises(EndpointError, match="there are: none"):
        config.entry("user", "x")


def test_empty_file_is_an_empty_kubeconfig(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.touch()
    assert read_kubeconfigs([file], must_exist=True).current_context == ""


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    file = write(tmp_path / "a", users=[{"name": "u", "user": {"token": "s3cret"}}])
    assert "s3cret" not in repr(read_kubeconfigs([file], must_exist=True))
