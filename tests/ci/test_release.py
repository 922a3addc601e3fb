"""What the release promises to whoever verifies it: signatures by digest, SBOMs, and rights for one job alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

WORKFLOW = Path(__file__).parents[2] / ".github" / "workflows" / "release.yml"


def workflow() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())
    return read


def step(name: str) -> str:
    """Return the script of a step of the job that publishes."""
    (found,) = [one["run"] for one in workflow()["jobs"]["publish"]["steps"] if one.get("name") == name]
    return str(found)


def test_every_image_that_is_pushed_is_signed_and_has_an_attested_sbom() -> None:
    script = step("images")
    pushed, published = re.findall(r"for image in ([\w\- ]+);", script)
    assert pushed == published, "an image is pushed that is not signed"
    assert 'cosign sign --yes "$REGISTRY/$image@$digest"' in script
    assert 'syft "$REGISTRY/$image@$digest" --output "spdx-json=dist/$image.spdx.json"' in script
    attest = 'cosign attest --yes --type spdxjson --predicate "dist/$image.spdx.json" "$REGISTRY/$image@$digest"'
    assert attest in script


def test_every_chart_that_is_pushed_is_signed() -> None:
    pushing, _, signing = step("charts").partition("helm push")
    assert "for chart in dist/*.tgz" in pushing
    assert 'cosign sign --yes "$REGISTRY/charts/$name@$digest"' in signing


def test_only_publishing_may_write_and_no_key_is_kept() -> None:
    read = workflow()
    assert read["permissions"] == {"contents": "read"}
    rights = {name: job.get("permissions") for name, job in read["jobs"].items()}
    assert [name for name, granted in rights.items() if granted] == ["publish"]
    assert rights["publish"]["id-token"] == "write"
    assert read["jobs"]["publish"]["needs"] == "check"
    assert set(re.findall(r"secrets\.(\w+)", WORKFLOW.read_text())) <= {"GITHUB_TOKEN"}
    # In YAML of version 1.1 `on` is a truth.
    assert read[True] == {"push": {"tags": ["v*"]}}
