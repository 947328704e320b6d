"""Tests that action.yml, the code, the docs and the examples say the same."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from action.inputs import INPUTS
from action.owner import PROJECT
from action.results import OUTPUTS
from hubcheck.request.policy_file import PolicyFile, schema

ROOT: Final = Path(__file__).parents[2]
EXAMPLES: Final = sorted((ROOT / "docs" / "examples").glob("*.yml"))
WORKFLOWS: Final = [p for p in EXAMPLES if p.name != "hubcheck.yml"]


def metadata() -> dict[str, Any]:
    """Return action.yml."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return document


def table(title: str) -> dict[str, list[str]]:
    """Return the rows of a table of docs/action.md by their first cell."""
    text = (ROOT / "docs" / "action.md").read_text()
    section = text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    rows = [
        line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")
    ]
    return {row[0].strip("`"): [cell.strip() for cell in row[1:]] for row in rows}


def test_inputs_are_the_same_everywhere() -> None:
    """Names, defaults, meanings and their order agree in action.yml, code and docs."""
    declared = metadata()["inputs"]
    assert list(declared) == [one.name for one in INPUTS]
    documented = table("Inputs")
    assert list(documented) == [one.name for one in INPUTS]
    for one in INPUTS:
        assert declared[one.name] == {
            "description": one.meaning, "required": False, "default": one.default,
        }  # fmt: skip
        assert documented[one.name] == [f"`{one.default}`" if one.default else "", one.meaning]


def test_outputs_are_the_same_everywhere() -> None:
    """Names and meanings agree in action.yml, code and docs."""
    assert metadata()["outputs"] == {k: {"description": v} for k, v in OUTPUTS.items()}
    assert {k: v[0] for k, v in table("Outputs").items()} == OUTPUTS


def test_the_composite_action_is_the_same() -> None:
    """Without Docker: the same inputs, each handed over as the environment, and the same outputs."""
    composite = yaml.safe_load((ROOT / "composite" / "action.yml").read_text())
    assert composite["inputs"] == metadata()["inputs"]
    assert {k: v["description"] for k, v in composite["outputs"].items()} == OUTPUTS
    for name, output in composite["outputs"].items():
        assert output["value"] == f"${{{{ steps.hubcheck.outputs.{name} }}}}"
    setup, step = composite["runs"]["steps"]
    assert re.fullmatch(r"actions/setup-python@[0-9a-f]{40}", setup["uses"])
    handed = {k: v for k, v in step["env"].items() if k.startswith("INPUT_")}
    assert handed == {
        f"INPUT_{one.name.upper().replace('-', '_')}": f"${{{{ inputs.{one.name} }}}}"
        for one in INPUTS
    }
    assert step["run"] == '"$GITHUB_ACTION_PATH/run.sh"'
    script = (ROOT / "composite" / "run.sh").read_text()
    stage = (ROOT / "Dockerfile").read_text().partition(" AS base")[2]
    in_image = re.findall(r"([A-Z0-9_]+)=1\b", stage)
    assert set(in_image) - {"PYTHONSAFEPATH"} <= set(re.findall(r"([A-Z0-9_]+)=1\b", script))


def test_names_are_kebab_case() -> None:
    """Users type them."""
    for name in (*metadata()["inputs"], *metadata()["outputs"]):
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)


def test_the_image_is_built_from_the_dockerfile() -> None:
    """Until a release pins a digest, and without arguments that could be interpolated."""
    assert metadata()["runs"] == {"using": "docker", "image": "Dockerfile"}


def test_the_last_target_is_the_small_one() -> None:
    """A runner builds the last target: torch must not be in it."""
    text = (ROOT / "Dockerfile").read_text()
    stages = re.findall(r"^FROM \S+ AS (\w+)$", text, re.MULTILINE)
    assert stages == ["packages", "base", "torch", "deep", "small"]
    assert re.search(r"^ARG BASE_IMAGE=python:3\.\d+\.\d+-slim-\w+$", text, re.MULTILINE)


def test_the_image_gets_every_file_that_it_copies() -> None:
    """A file that the Dockerfile names and .dockerignore holds back ends the build."""
    copied = re.findall(r"^COPY ([^-].+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    let_in = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"
    }
    assert {name for names in copied for name in names.split()} <= let_in


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_examples_use_declared_inputs_and_pin_every_action(path: Path) -> None:
    """Every ``uses`` has a commit, ours is named as in the code, every input exists."""
    document = yaml.safe_load(path.read_text())
    known = set(metadata()["inputs"])
    steps = [s for job in document["jobs"].values() for s in job["steps"]]
    ours = (f"{PROJECT}@", "bin/hubcheck audit ")  # the action, or what it has no input for
    assert any(name in s.get("uses", "") + s.get("run", "") for s in steps for name in ours)
    for step in steps:
        if "uses" in step:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"])
        if step.get("uses", "").startswith(f"{PROJECT}@"):
            assert set(step.get("with", {})) <= known
        assert "${{" not in step.get("run", "")
    assert document["permissions"] == {}


def test_the_example_policy_is_valid() -> None:
    """The policy file of the docs is read without an error."""
    from hubcheck.request.policy_file import read_policy_file

    policy = read_policy_file(ROOT / "docs" / "examples" / "hubcheck.yml", shown="hubcheck.yml")
    assert policy.allow
    assert policy != PolicyFile()


def test_the_published_schema_is_the_codes() -> None:
    """docs/schemas holds exactly what the code accepts; ``--update`` is one command away."""
    path = ROOT / "docs" / "schemas" / "hubcheck-policy.schema.json"
    assert path.read_text() == schema()


def test_starting_the_action_imports_no_torch() -> None:
    """The small image has none; start-up must not look for it."""
    code = "import sys, action.run, action.stage_check, action.stage_publish; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "False"
