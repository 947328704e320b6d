"""Which bases does a check test, and may a card choose where they lie?"""

from __future__ import annotations

from pathlib import Path

import pytest

from hubcheck.errors import MissingModelError, UsageError
from hubcheck.model import Model
from hubcheck.report.hints import BASE, SUSPECT
from hubcheck.request.bases import chosen_bases
from hubcheck.request.interface import BaseRequest
from hubcheck.source.reference import HubReference, LocalReference, name_of
from tests.memory_source import MemorySource


def subject(card: str = "", **files: str) -> Model:
    """Return a model with this card."""
    contents = {name: text.encode() for name, text in files.items()}
    if card:
        contents["README.md"] = card.encode()
    source = MemorySource(contents, ref="org/subject")
    return Model(source, source.files())


def declares(*names: str) -> Model:
    """Return a model whose card names these bases."""
    listed = "".join(f"\n  - {name}" for name in names)
    return subject(f"---\nbase_model:{listed}\n---\n# x\n")


def names(requests: object) -> list[tuple[str, bool]]:
    """Return (name, declared) of each request."""
    assert isinstance(requests, list)
    return [(name_of(r.reference), r.declared) for r in requests]


def test_what_the_card_declares_is_tested() -> None:
    """Without an option the declared bases are tested, each with its line as the reason."""
    requests = chosen_bases([], [])(declares("org/one", "org/two"))
    assert names(requests) == [("org/one", True), ("org/two", True)]
    assert all(r.why[0].params["path"] == "README.md" for r in requests)


def test_base_replaces_and_suspect_adds() -> None:
    """``--base`` stands for the declaration, ``--suspect`` comes on top of either."""
    card = declares("org/one")
    assert names(chosen_bases(["org/b"], ["org/s"])(card)) == [("org/b", True), ("org/s", False)]
    assert names(chosen_bases([], ["org/s"])(card)) == [("org/one", True), ("org/s", False)]


def test_a_base_named_twice_is_tested_once_with_both_reasons() -> None:
    """Declared outranks suspected, capitals aside, and no reason is lost."""
    requests = chosen_bases([], ["ORG/One"])(declares("org/one"))
    assert names(requests) == [("org/one", True)]
    assert len(requests[0].why) == 2
    assert SUSPECT in requests[0].why


def test_one_repository_at_two_revisions_is_refused() -> None:
    """A row of the table could not tell the two apart."""
    with pytest.raises(UsageError, match="org/one is named at two revisions"):
        chosen_bases(["org/one"], ["org/one@v2"])(subject())


def test_no_base_is_no_request() -> None:
    """A card that says nothing gives nothing to test."""
    assert list(chosen_bases([], [])(subject())) == []
    assert list(chosen_bases([], [])(subject("# a card without front matter"))) == []


def test_two_folders_that_differ_in_capitals_are_two_bases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Hub ignores capitals, a file system does not: no folder is left out in silence."""
    monkeypatch.chdir(tmp_path)
    for name in ("Model", "model"):
        (tmp_path / name).mkdir(exist_ok=True)
    requests = chosen_bases([], ["./Model", "./model"])(subject())
    assert names(requests) == [("./Model", False), ("./model", False)]


def test_a_folder_that_is_typed_in_several_ways_is_one_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be three findings; beside a repository that is shown in another way it stays."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "org" / "one").mkdir(parents=True)
    rule = chosen_bases([], ["./org/one", "org/one/", "org//one"])
    assert names(rule(subject())) == [("./org/one", False)]
    both = chosen_bases([], ["./org/one"])(declares("org/one"))
    assert names(both) == [("org/one", True), ("./org/one", False)]


def test_a_folder_never_stands_for_a_repository_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder typed as ``org/one`` beside a card that declares ``org/one`` is refused, not merged."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "org" / "one").mkdir(parents=True)
    rule = chosen_bases([], ["org/one"])
    with pytest.raises(UsageError):
        rule(declares("org/one"))


@pytest.mark.parametrize("named", ["not a name", "https://example.org/x", "a/b/c", "org/x@"])
def test_an_option_that_is_no_reference_is_refused_at_once(named: str) -> None:
    """The error comes before anything is opened."""
    for bases, suspects in (([named], []), ([], [named])):
        with pytest.raises(UsageError):
            chosen_bases(bases, suspects)


def test_a_path_that_is_not_there_is_named() -> None:
    """A typing error in a path is an error of its own."""
    with pytest.raises(MissingModelError, match=r"\./nowhere"):
        chosen_bases(["./nowhere"], [])


@pytest.mark.parametrize("named", ["/etc", "./zoo/base", "../base", "zoo/base"])
def test_a_card_never_names_a_place_on_this_machine(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where a folder of that name exists, a declared base is looked for on the Hub only."""
    (tmp_path / "zoo" / "base").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    requests = chosen_bases([], [])(declares(named))
    assert all(isinstance(r.reference, HubReference) for r in requests)


def test_a_folder_may_stand_for_a_declared_name(tmp_path: Path) -> None:
    """The caller, not the card, may say where a declared base lies."""
    requests = chosen_bases([], [], at={"zoo/base": tmp_path})(declares("zoo/base", "org/two"))
    first, second = (r.reference for r in requests)
    assert isinstance(first, LocalReference)
    assert first.path == tmp_path
    assert isinstance(second, HubReference)


def test_a_request_is_a_value() -> None:
    """Requests are compared by content, so that a test can say what it expects."""
    one = BaseRequest(reference=HubReference(repo_id="a/b"), declared=True, why=(BASE,))
    assert one == BaseRequest(reference=HubReference(repo_id="a/b"), declared=True, why=(BASE,))
