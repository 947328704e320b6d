"""Tests of which model a REF names."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils._validators import validate_repo_id
from hypothesis import example, given
from hypothesis import strategies as st

from hubcheck.errors import MissingModelError, UsageError
from hubcheck.source.reference import (
    HubReference,
    LocalReference,
    is_repo_id,
    name_of,
    parse_hub_reference,
    parse_reference,
)


@pytest.mark.parametrize(
    ("text", "repo_id", "revision"),
    [
        ("org/name", "org/name", "main"),
        ("gpt2", "gpt2", "main"),
        ("org/name@v1.0", "org/name", "v1.0"),
        ("org/name@refs/pr/3", "org/name", "refs/pr/3"),
        ("0-x_/a.b-c", "0-x_/a.b-c", "main"),
    ],
)
def test_a_repository_id_names_the_hub(text: str, repo_id: str, revision: str) -> None:
    """An id with or without a revision is read as written; no revision means main."""
    assert parse_reference(text) == HubReference(repo_id=repo_id, revision=revision)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a/b/c",
        "org/",
        "/".join(["a" * 97, "b"]),
        "org/na--me",
        "org/na..me",
        "org/name.git",
        "org/-name",
        "org/name@",
        "org/name@-rf",
        "org/name@a b",
        "org/name@a..b",
        "org/name@a\x1b[2J",
        "https://host/org/name",
        "orğ/name",
        "org/name\n",
        "a\0b",
        "x" * 5000,
    ],
)
def test_anything_else_is_a_usage_error(text: str) -> None:
    """Text that is neither a path nor an id is refused, and shown without control characters."""
    with pytest.raises(UsageError) as caught:
        parse_reference(text)
    assert str(caught.value).isprintable()


def test_the_usage_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the text, the cause and the spellings that work."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        parse_reference("models/llama/7b")
    assert str(caught.value) == (
        "'models/llama/7b' is neither an existing path nor a Hub repository id. "
        "Likely cause: a typing error, or a folder that does not exist here. "
        "Next: for a folder or file of a repository on the Hub write models/llama:7b; a path here "
        "starts with ./ or /."
    )


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("acme/ck/checkpoint-500", "acme/ck:checkpoint-500"),
        ("acme/ck/a/b/", "acme/ck:a/b"),
        ("acme/ck/checkpoint-500@v1", "acme/ck:checkpoint-500@v1"),
        ("acme/ck/tree/main/checkpoint-500", "acme/ck:checkpoint-500@main"),
        ("acme/ck/tree/v2", "acme/ck@v2"),
        ("acme/ck@v1:checkpoint-500", "acme/ck:checkpoint-500@v1"),
    ],
)
def test_a_message_names_a_reference_that_is_one(text: str, meant: str) -> None:
    """A path written after a slash or a revision: the spelling that works is in the message."""
    with pytest.raises(UsageError) as caught:
        parse_hub_reference(text)
    assert f"write {meant}" in caught.value.next_step
    parse_hub_reference(meant)


@pytest.mark.parametrize(
    "text", ["a/b/../c", "a//b", "x y/z/w", "/".join(["a" * 97, "b", "c"]), "a/b/$(id)"]
)
def test_what_no_reference_can_spell_is_not_offered(text: str) -> None:
    """The general spellings are shown instead."""
    with pytest.raises(UsageError) as caught:
        parse_hub_reference(text)
    assert caught.value.next_step.startswith("write org/name, ")


@pytest.mark.parametrize(
    ("address", "ref", "revision"),
    [
        ("https://huggingface.co/org/name", "org/name", "main"),
        ("https://huggingface.co/org/name/tree/main/unet", "org/name:unet", "main"),
        ("https://huggingface.co/org/name/tree/v2/a/b?x=1#y", "org/name:a/b", "v2"),
        ("https://huggingface.co/org/name/tree/refs%2Fpr%2F3/unet", "org/name:unet", "refs/pr/3"),
        ("https://huggingface.co/org/name/tree/refs/pr/3/unet", "org/name:unet", "refs/pr/3"),
        ("https://huggingface.co/org/name/blob/main/x.gguf", "org/name:x.gguf", "main"),
        ("https://huggingface.co/org/name/blob/main/README.md", "org/name", "main"),
        ("https://huggingface.co/org/name/resolve/v1/a/x.safetensors?download=true",
         "org/name:a/x.safetensors", "v1"),
        ("hf.co/org/name:Q4_K_M", "org/name:Q4_K_M", "main"),
        ("hf://org/name@v1", "org/name", "v1"),
    ],
)  # fmt: skip
def test_a_page_of_the_hub_is_what_it_shows(address: str, ref: str, revision: str) -> None:
    """The address bar's text is a reference: repository, revision, folder or weight file."""
    found = parse_reference(address)
    assert isinstance(found, HubReference)
    assert (name_of(found), found.revision) == (ref, revision)


@pytest.mark.parametrize(
    "address",
    [
        "https://huggingface.co/datasets/org/name",
        "https://evil.example/org/name/tree/main/unet",
        "https://huggingface.co/org/name/tree/main/..%2F..%2Fetc",
        "https://huggingface.co/org/name/tree/main/a%00b",
        "https://huggingface.co/org/name/tree/main/a b",
        "https://huggingface.co/" + "a" * 900,
    ],
)
def test_an_address_that_leaves_or_confuses_is_refused(address: str) -> None:
    """Another host or kind of page, and a path that climbs, are usage errors."""
    with pytest.raises(UsageError) as caught:
        parse_reference(address)
    assert str(caught.value).isprintable()


def test_what_exists_on_disk_is_local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in the working directory wins over a repository of the same name, ``@`` included."""
    (tmp_path / "org" / "name@main").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for text in ("org/name@main", "org", ".", "./org", str(tmp_path)):
        assert parse_reference(text) == LocalReference(path=Path(text), typed=text)
    assert isinstance(parse_reference("org/name"), HubReference)


def test_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tilde means the home folder, and the typed text is kept for the report."""
    (tmp_path / "m").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse_reference("~/m") == LocalReference(path=tmp_path / "m", typed="~/m")


@pytest.mark.parametrize("text", ["./x", "../no-such-folder-here", "/no/such", "~nobody-here/x"])
def test_a_path_that_is_not_there(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A REF spelled as a path never falls through to the Hub."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingModelError, match="There is no folder or file at"):
        parse_reference(text)


def test_a_card_cannot_name_a_local_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser for untrusted text does not look at the disk."""
    (tmp_path / "org" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert parse_hub_reference("org/name") == HubReference(repo_id="org/name")
    with pytest.raises(UsageError):
        parse_hub_reference("./org/name")


@given(st.text("ab0-._/@ é", max_size=12))
@example("a" * 96 + "/" + "b" * 96)
def test_every_accepted_id_is_one_for_the_client(text: str) -> None:
    """No id is accepted that the Hub's own client refuses."""
    if is_repo_id(text):
        try:
            validate_repo_id(text)
        except HFValidationError as error:  # pragma: no cover - the failure this test looks for
            pytest.fail(f"{text!r}: {error}")
