"""Owns the files of a kubeconfig: decoding YAML or JSON, merging, and typed access to one entry's fields."""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leader_sidecar.kube.endpoint import EndpointError

_LISTS = {"cluster": "clusters", "user": "users", "context": "contexts"}
_MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """One named cluster, user or context.

    Args:
        kind: "cluster", "user" or "context".
        name: as the file has it.
        fields: its content.
        file: where it stands; relative paths in it start from there.
    """

    kind: str
    name: str
    fields: Mapping[str, Any] = field(repr=False)  # holds secrets
    file: Path

    @property
    def place(self) -> str:
        """Say for people where this stands, "" for an entry that no file has."""
        return f"{self.kind} {self.name!r} in {self.file}" if self.name else ""

    def text(self, key: str) -> str:
        """Return a string field, "" where absent. Raises: EndpointError when it is something else."""
        value = self.fields.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise EndpointError(f"{self.place}: {key} is not a string: put it in quotes")
        return value

    def flag(self, key: str) -> bool:
        """Return a true/false field, false where absent. Raises: EndpointError when it is something else."""
        value = self.fields.get(key)
        if value is not None and not isinstance(value, bool):
            raise EndpointError(f"{self.place}: {key} is {value!r}: write true or false")
        return value is True

    def path(self, key: str) -> Path | None:
        """Return a file's path, relative ones taken from this entry's file; None where absent."""
        text = self.text(key)
        return self.file.parent / text if text else None

    def content(self, key: str) -> bytes | None:
        """Return what `key`-data holds in base64, else what the file named by `key` holds; None where neither is given.

        Raises: EndpointError when it cannot be decoded or read.
        """
        data = self.text(f"{key}-data")
        if data:
            try:
                return base64.b64decode("".join(data.split()), validate=True)
            except binascii.Error as error:
                raise EndpointError(
                    f"{self.place}: {key}-data is not base64: encode the PEM with base64 -w0"
                ) from error
        path = self.path(key)
        try:
            return path.read_bytes() if path is not None else None
        except OSError as error:
            raise EndpointError(
                f"{self.place}: cannot read {key} {path}: {error.strerror}: correct the path"
            ) from error


@dataclass(slots=True)
class Kubeconfig:
    """Several files, merged.

    Args:
        source: the files that were read, for people.
        current_context: the first one given, "" for none.
        entries: by kind and name.
    """

    source: str
    current_context: str = ""
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)

    def entry(self, kind: str, name: str) -> Entry:
        """Return one entry. Raises: EndpointError that lists the names there are."""
        entry = self.entries.get((kind, name))
        if entry is None:
            names = ", ".join(known for of_kind, known in self.entries if of_kind == kind) or "none"
            raise EndpointError(f"{self.source}: there is no {kind} {name!r}: correct the name; there are: {names}")
        return entry


def read_kubeconfigs(files: Sequence[Path], *, must_exist: bool) -> Kubeconfig:
    """Read and merge files; the first one that has something wins.

    Raises: EndpointError when a file cannot be used, or none is there.
    """
    present = [file for file in files if must_exist or file.exists()]
    if not present:
        raise EndpointError(f"none of {':'.join(map(str, files))} exists: correct KUBECONFIG or use --kubeconfig FILE")
    config = Kubeconfig(source=":".join(map(str, present)))
    for file in present:
        _merge(config, file, _document(file))
    return config


def _merge(config: Kubeconfig, file: Path, document: Mapping[str, Any]) -> None:
    current = document.get("current-context") or ""
    if not isinstance(current, str):
        raise EndpointError(f"{file}: current-context is not a string: put it in quotes")
    config.current_context = config.current_context or current
    for kind, key in _LISTS.items():
        items = document.get(key) or []
        if not isinstance(items, list):
            raise EndpointError(f"{file}: {key} is not a list: write it as kubectl config view does")
        for item in items:
            fields = item.get(kind) if isinstance(item, Mapping) else None
            name = item.get("name") if isinstance(item, Mapping) else None
            if not isinstance(name, str) or not isinstance(fields or {}, Mapping):
                raise EndpointError(f"{file}: an entry of {key} is not a name with a {kind}: correct it")
            config.entries.setdefault((kind, name), Entry(kind, name, fields or {}, file))


def _document(file: Path) -> Mapping[str, Any]:
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise EndpointError(f"cannot read kubeconfig {file}: {error.strerror}: correct the path") from error
    if len(content) > _MAX_BYTES:
        raise EndpointError(f"kubeconfig {file} is larger than {_MAX_BYTES} bytes: name the right file")
    document = _decode(file, content)
    if document is None:
        return {}
    if not isinstance(document, Mapping):
        raise EndpointError(f"{file} is not a kubeconfig but a {type(document).__name__}: name the right file")
    return document


def _decode(file: Path, content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        pass  # not JSON: YAML then
    try:
        import yaml
    except ImportError as error:
        raise EndpointError(
            f"{file} is YAML, and PyYAML is not installed: pip install 'leader-sidecar[kubeconfig]'"
        ) from error
    try:
        return yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = re.sub(r"\s+", " ", str(error))[:200]
        raise EndpointError(f"{file} is neither JSON nor YAML: {reason}") from error
