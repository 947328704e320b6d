"""Tests that what is built comes from what was named: by digest, by commit, by exact version."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def versions(name: str) -> dict[str, str]:
    """Return the exact versions of a file of requirements."""
    text = (ROOT / name).read_text(encoding="utf-8")
    pinned = re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^\s\\]+)", text)
    return {n.lower().replace("_", "-"): v for n, v in pinned}


def test_the_image_holds_the_versions_that_are_tested() -> None:
    """Each by a digest, and what builds the package among them."""
    image, tested = versions("requirements-image.txt"), versions("constraints.txt")
    assert {"numpy", "pydantic", "huggingface-hub", "hatchling"} <= set(image)
    assert {n: tested.get(n) for n in image} == image
    text = (ROOT / "requirements-image.txt").read_text(encoding="utf-8")
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) == len(image)
    script = (ROOT / "composite" / "install.sh").read_text(encoding="utf-8")
    assert script.count("--require-hashes") == 2  # of what is installed, and of what installs it
    for path in ("Dockerfile", "composite/run.sh"):
        assert "composite/install.sh" in (ROOT / path).read_text(encoding="utf-8")


def test_what_installs_the_packages_is_one_version_by_digest() -> None:
    """And reads no settings of the folder that it is called in, which is a stranger's."""
    installer = versions("composite/uv.txt")
    assert installer == {"uv": versions("constraints.txt")["uv"]}
    text = (ROOT / "composite" / "uv.txt").read_text(encoding="utf-8")
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) == 1
    script = (ROOT / "composite" / "install.sh").read_text(encoding="utf-8")
    assert "UV_NO_CONFIG=1" in script
    assert script.index('cd "$(dirname "$0")/.."') < script.index("-m pip")


def needed(*names: str) -> set[str]:
    """Return distributions and all that they need on this machine, as they say themselves."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = canonicalize_name(left.pop())
        if name in found:
            continue
        found.add(name)
        for line in metadata.requires(name) or ():
            one = Requirement(line)
            wanted = {"", *one.extras} if name in names else {""}
            if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in wanted):
                left.append(one.name)
    return found


def test_the_image_holds_what_verifies_signatures() -> None:
    """Of keys, certificates and identities: whoever runs the Action can install nothing into it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    sign = [Requirement(line).name for line in project["optional-dependencies"]["sign"]]
    assert needed(*sign) <= set(versions("requirements-image.txt"))
    assert "[sign]" in (ROOT / "composite" / "install.sh").read_text(encoding="utf-8")


def test_what_builds_the_package_is_one_version() -> None:
    """In pyproject.toml as in the constraints."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'requires = ["hatchling=={versions("constraints.txt")["hatchling"]}"]' in text


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_a_workflow_names_actions_by_commit_and_starts_with_nothing(path: Path) -> None:
    """No permission for all jobs, no expression in a script, no credentials left behind."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert document["permissions"] == {}
    for job in document["jobs"].values():
        for step in job["steps"]:
            assert "uses" not in step or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"])
            assert "${{" not in step.get("run", "")


def test_a_new_version_waits_a_week() -> None:
    """Of everything that is named."""
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    assert {u["package-ecosystem"] for u in updates["updates"]} == {
        "pip",
        "github-actions",
        "docker",
    }
    assert all(u["cooldown"]["default-days"] >= 7 for u in updates["updates"])


def test_a_release_tags_only_what_is_pinned() -> None:
    """``@v1`` never builds an image in a user's job: the tag is set on the commit with the digest."""
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert text.index("action.yml") < text.index("git tag")
    assert text.index('git commit --message "Pin the image') < text.index("git tag")
    document = yaml.safe_load(text)
    assert document["jobs"]["pin"]["needs"] == "images"
    assert document["jobs"]["package"]["needs"] == "pin"
    assert "--sbom=true" in text
