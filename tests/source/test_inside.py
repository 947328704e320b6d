"""Tests of reading one folder or file of a repository as a model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hubcheck.errors import MissingModelError, UsageError
from hubcheck.source import open_source, parse_hub_reference
from hubcheck.source.inside import written
from hubcheck.source.interface import Pin, Span
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


def test_a_folder_wins_over_a_quantisation_of_its_name(hub: LocalHub) -> None:
    """``:Q4_K_M`` is the folder where there is one, else the GGUF files whose names end so."""
    files = {"Q4_K_M/config.json": b"{}", "m-Q4_K_M.gguf": b"g", "m-Q8_0.gguf": b"gg"}
    hub.add_repo("org/m", files)
    for tag, names in (("Q4_K_M", ["config.json"]), ("q8_0", ["m-Q8_0.gguf"])):
        source = open_source(f"org/m:{tag}", max_read=10**6, endpoint=hub.endpoint)
        assert [f.path for f in source.files()] == names


def test_a_quantisation_of_two_models_is_refused_with_their_files(hub: LocalHub) -> None:
    """Which model is meant is not guessed; the references in the message name one file each."""
    hub.add_repo("org/m", {"7b-Q8_0.gguf": b"g", "13b-Q8_0.gguf": b"g"})
    with pytest.raises(UsageError) as caught:
        open_source("org/m:Q8_0", max_read=10**6, endpoint=hub.endpoint)
    assert "org/m:13b-Q8_0.gguf or org/m:7b-Q8_0.gguf" in caught.value.next_step


@pytest.mark.parametrize(
    ("pin", "inside", "text"),
    [
        (Pin(ref="org/m", revision="a" * 40, created=""), "v1", "org/m:v1"),
        (Pin(ref="org/m", revision="a" * 40, created="", asked="dev"), "v1", "org/m:v1@dev"),
        (Pin(ref="org/m:v1", revision="a" * 40, created=""), "x", "org/m:v1/x"),
        (Pin(ref="org/m@refs/pr/1", revision="a" * 40, created=""), "x", "org/m:x@refs/pr/1"),
        (Pin(ref="./here/", revision="local", created=""), "v 1", "./here/v 1"),
        (Pin(ref="org/m", revision="a" * 40, created=""), "v 1", ""),
        (Pin(ref="org/m", revision="a" * 40, created=""), "../x", ""),
    ],
)
def test_how_a_folder_is_written_so_that_pasting_works(pin: Pin, inside: str, text: str) -> None:
    """The revision that was asked for stays; what the grammar cannot spell is not offered."""
    assert written(pin, inside) == text


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
    """Its files are listed, counted from it, and read under those names; the card is the root's."""
    hub.add_repo("org/m", FILES)
    source = open_source("org/m:unet", max_read=10**6, endpoint=hub.endpoint)
    assert [f.path for f in source.files()] == [
        "README.md", "config.json", "deep/x.json", "w.fp16.safetensors", "w.safetensors",
    ]  # fmt: skip
    assert str(source.pin).startswith("org/m:unet@")
    assert source.read_document("config.json", limit=9) == b"{}"
    span = Span(path="w.safetensors", start=3, stop=5)
    assert source.read([span], Purpose.WEIGHTS) == [b"ww"]
    assert source.read_document("README.md", limit=9) == b"# root\n"
    with pytest.raises(MissingModelError):
        source.read_document("unet2/config.json", limit=9)


def test_the_nearest_card_and_licence_speak_for_a_folder(hub: LocalHub) -> None:
    """A folder's own card stands; else that of the folder above; the licence comes along."""
    files = {
        "README.md": b"root", "LICENSE": b"law", "a/README.md": b"of a", "a/b/w.safetensors": b"w",
        "c/README.md": b"of c", "c/w.safetensors": b"w",
    }  # fmt: skip
    hub.add_repo("org/m", files)
    for inside, card in (("a/b", b"of a"), ("c", b"of c"), ("a", b"of a")):
        source = open_source(f"org/m:{inside}", max_read=10**6, endpoint=hub.endpoint)
        assert source.read_document("README.md", limit=9) == card
        assert source.read_document("LICENSE", limit=9) == b"law"


def test_a_variant_is_one_file_and_what_lies_beside_it(hub: LocalHub) -> None:
    """Naming the file leaves out the other variant."""
    hub.add_repo("org/m", FILES)
    source = open_source("org/m:unet/w.fp16.safetensors", max_read=10**6, endpoint=hub.endpoint)
    assert [f.path for f in source.files()] == ["README.md", "config.json", "w.fp16.safetensors"]


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
