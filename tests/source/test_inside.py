"""Tests of reading one folder or file of a repository as a model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hubcheck.errors import MissingModelError, UsageError
from hubcheck.source import open_source, parse_hub_reference
from hubcheck.source.interface import Span
from hubcheck.source.ledger import Purpose
from hubcheck.source.reference import HubReference, name_of
from tests.evidence.laboratory import model, outcome_of, request
from tests.hubserver import LocalHub

FILES = {
    "README.md": b"# root\n",
    "unet/config.json": b"{}",
    "unet/w.safetensors": b"w" * 50,
    "unet/w.fp16.safetensors": b"h" * 25,
    "unet/deep/x.json": b"[]",
    "unet2/config.json": b"{ }",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("org/m:unet", HubReference(repo_id="org/m", inside="unet")),
        ("org/m:unet/", HubReference(repo_id="org/m", inside="unet")),
        ("org/m:a/b.safetensors@v1", HubReference(repo_id="org/m", revision="v1", inside="a/b.safetensors")),
        ("org/m@refs/pr/1", HubReference(repo_id="org/m", revision="refs/pr/1")),
    ],
)  # fmt: skip
def test_a_path_stands_before_the_revision(text: str, expected: HubReference) -> None:
    """A colon names a path of the repository, and the name that is shown leads back to it."""
    assert parse_hub_reference(text) == expected
    again = f"{name_of(expected)}@{expected.revision}"
    assert parse_hub_reference(again) == expected


@pytest.mark.parametrize("path", ["", "/unet", "../x", "a/../b", "a//b", ".", "a b", "a:b", "a\\b"])
def test_a_path_that_leaves_or_confuses_is_refused(path: str) -> None:
    """No path climbs, is absolute, or could be taken for something else."""
    with pytest.raises(UsageError):
        parse_hub_reference(f"org/m:{path}")


@pytest.mark.parametrize("text", ["C:/models/x", "hf:org/name", "https://host/x", "file:x"])
def test_a_colon_alone_makes_no_repository(text: str) -> None:
    """Addresses and paths of other systems stay what they are: not a model on the Hub."""
    with pytest.raises(UsageError, match="neither an existing path nor"):
        parse_hub_reference(text)


def test_a_folder_is_a_model_of_its_own(hub: LocalHub) -> None:
    """Only its files are listed, counted from it, and read under those names."""
    hub.add_repo("org/m", FILES)
    source = open_source("org/m:unet", max_read=10**6, endpoint=hub.endpoint)
    assert [f.path for f in source.files()] == [
        "config.json", "deep/x.json", "w.fp16.safetensors", "w.safetensors",
    ]  # fmt: skip
    assert str(source.pin).startswith("org/m:unet@")
    assert source.read_document("config.json", limit=9) == b"{}"
    span = Span(path="w.safetensors", start=3, stop=5)
    assert source.read([span], Purpose.WEIGHTS) == [b"ww"]
    with pytest.raises(MissingModelError):
        source.read_document("README.md", limit=9)


def test_a_variant_is_one_file_and_what_lies_beside_it(hub: LocalHub) -> None:
    """Naming the file leaves out the other variant."""
    hub.add_repo("org/m", FILES)
    source = open_source("org/m:unet/w.fp16.safetensors", max_read=10**6, endpoint=hub.endpoint)
    assert [f.path for f in source.files()] == ["config.json", "w.fp16.safetensors"]


def test_a_path_that_is_not_there(hub: LocalHub) -> None:
    """A misspelled path is a missing model, not an empty one."""
    hub.add_repo("org/m", FILES)
    with pytest.raises(MissingModelError, match="neither a folder nor a file 'une'"):
        open_source("org/m:une", max_read=10**6, endpoint=hub.endpoint)


def test_a_check_of_a_folder_is_the_check_of_the_model_in_it(hub: LocalHub) -> None:
    """The numbers are those of the same model as a repository of its own."""
    hub.add_repo("org/base", model("base"))
    hub.add_repo("org/tuned", model("finetune"))
    inside = {f"v2/{p.name}": p.read_bytes() for p in model("finetune").iterdir() if p.is_file()}
    hub.add_repo("org/all", inside)
    reports = []
    for subject in ("org/tuned", "org/all:v2"):
        wanted = request(subject, ["org/base"], seed=3)
        access = replace(wanted.access, endpoint=hub.endpoint)
        reports.append(outcome_of(replace(wanted, access=access)).report)
    alone, inside_it = reports
    assert inside_it.subject.ref == "org/all:v2"
    assert inside_it.findings == alone.findings
