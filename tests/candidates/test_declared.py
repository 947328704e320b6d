"""Which bases a model declares, and where."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.candidates.declared import (
    MAX_BASES,
    MAX_PROBLEMS,
    Declaration,
    DeclaredBase,
    read_declaration,
)
from hubcheck.card.wording import words
from hubcheck.errors import BudgetExceededError
from hubcheck.report.hints import hint_of
from hubcheck.report.phrases import PhraseCode, phrase
from tests.memory_source import MemorySource


def declared(
    card: str = "",
    *,
    adapter: object = None,
    config: object = None,
    ref: str = "me/model",
) -> Declaration:
    """Return the declaration of a model with this front matter and these configs."""
    contents = {"README.md": f"---\n{card}\n---\n# text\n".encode()}
    if adapter is not None:
        contents["adapter_config.json"] = json.dumps(adapter).encode()
    if config is not None:
        contents["config.json"] = json.dumps(config).encode()
    return read_declaration(MemorySource(contents, ref=ref))


def base(ref: str, why: str, revision: str = "", also: str = "") -> DeclaredBase:
    """Return a declared base; the line is that of the card in ``why``, 0 without one."""
    told = re.match(r"README\.md line ([0-9]+)", why)
    line = int(told[1]) if told is not None else 0
    places = tuple(hint_of(place) for place in (why, also) if place)
    where = phrase(PhraseCode.PLACES, where=places) if also else places[0]
    return DeclaredBase(ref=ref, revision=revision, why=where, line=line)


CARDS = {
    "license: mit": (),
    "base_model: acme/base": (base("acme/base", "README.md line 2"),),
    "license: mit\nbase_model: acme/base": (base("acme/base", "README.md line 3"),),
    "base_model: ' acme/base '": (base("acme/base", "README.md line 2"),),
    "base_model: acme/base@v1": (base("acme/base", "README.md line 2", "v1"),),
    "base_model: https://huggingface.co/acme/base": (base("acme/base", "README.md line 2"),),
    "base_model:\n- acme/base\n- other/base": (
        base("acme/base", "README.md line 3"),
        base("other/base", "README.md line 4"),
    ),
    "base_model:\n  - acme/base\n  -   other/base": (
        base("acme/base", "README.md line 3"),
        base("other/base", "README.md line 4"),
    ),
    "base_model: [acme/base, other/base]": (
        base("acme/base", "README.md line 2"),
        base("other/base", "README.md line 2"),
    ),
    "base_model: [acme/base, Acme/BASE]": (base("acme/base", "README.md line 2"),),
    "base_model: [acme/base, acme/base@v1]": (
        base("acme/base", "README.md line 2", "v1", also="README.md line 2"),
    ),
    "base_model:": (),
    "base_model: ''": (),
    "base_model: []": (),
    "base_model: [null, acme/base]": (base("acme/base", "README.md line 2"),),
}


@pytest.mark.parametrize("card", CARDS)
def test_card_bases_carry_the_line_they_stand_on(card: str) -> None:
    """Every usable base_model of a card is declared, in order, once, with its line."""
    found = declared(card)
    assert found.bases == CARDS[card]
    assert found.problems == ()


UNUSABLE = {
    "base_model: 7": "README.md line 2: base_model 7 is a number, not a repository name",
    "base_model: {a: b}": "README.md line 2: base_model is a mapping, not a repository name",
    "base_model: ./base": "README.md line 2: base_model './base' is a path, which is not followed "
    "from a repository",
    "base_model: /etc": "README.md line 2: base_model '/etc' is a path, which is not followed "
    "from a repository",
    "base_model: https://example.org/a/b": "README.md line 2: base_model 'https://example.org/a/b' "
    "is not an address of a model on the Hub",
    "base_model: me/Model": "README.md line 2: names the model itself",
    "base_model_relation: cousin": "README.md line 2: base_model_relation is 'cousin', none of "
    "adapter, finetune, merge, quantized",
    "base_model_relation: [merge]": "README.md line 2: base_model_relation is a list, none of "
    "adapter, finetune, merge, quantized",
    "license: 7": "README.md line 2: license is not a text",
    "x: [": "README.md: line 3: the front matter is not YAML that is read here (did not find "
    "expected node content)",
}


@pytest.mark.parametrize("card", UNUSABLE)
def test_unusable_values_become_problems(card: str) -> None:
    """What cannot be used is told in one line, and nothing is declared by it."""
    found = declared(card)
    assert found.bases == ()
    assert tuple(map(words, found.problems)) == (UNUSABLE[card],)


def test_relation_and_licence_are_read() -> None:
    """The relation and the three licence keys come back as the card states them."""
    found = declared(
        "base_model: a/b\nbase_model_relation: Merge\nlicense: other\n"
        "license_name: my-terms\nlicense_link: LICENSE"
    )
    assert found.relation == "merge"
    assert (found.licence, found.licence_name, found.licence_link) == (
        "other",
        "my-terms",
        "LICENSE",
    )
    assert declared("license: [mit, apache-2.0]").licence == "mit, apache-2.0"


def test_a_merge_is_declared_by_word_alone() -> None:
    """Two bases claim no merge; the tags that merging tools write do, unless a relation is given."""
    bases = "base_model:\n- a/b\n- c/d\n"
    assert declared(bases).relation == ""
    assert declared(f"{bases}tags:\n- mergekit\n- merge").relation == "merge"
    assert declared(f"{bases}tags: merge").relation == "merge"
    assert declared(f"{bases}tags: [merge]\nbase_model_relation: finetune").relation == "finetune"


def test_adapter_config_declares_with_its_revision() -> None:
    """An adapter names its base and the commit it was trained on."""
    found = declared(adapter={"base_model_name_or_path": "acme/base", "revision": "abc"})
    assert found.bases == (base("acme/base", "adapter_config.json", "abc"),)


def test_adapter_config_completes_the_card() -> None:
    """The same base named twice is one base, with the revision that only one place gives."""
    found = declared(
        "base_model: acme/base",
        adapter={"base_model_name_or_path": "Acme/Base", "revision": "abc"},
    )
    assert found.bases == (
        base("acme/base", "README.md line 2", "abc", also="adapter_config.json"),
    )


def test_conflicting_revisions_are_told() -> None:
    """Where card and adapter name two revisions, the card's stands and the other is told."""
    found = declared(
        "base_model: acme/base@v1",
        adapter={"base_model_name_or_path": "acme/base", "revision": "v2"},
    )
    assert found.bases == (base("acme/base", "README.md line 2", "v1"),)
    assert tuple(map(words, found.problems)) == (
        "adapter_config.json: names revision v2 of acme/base, README.md line 2 names v1",
    )


@pytest.mark.parametrize("path", ["/home/me/base", "./base", "outputs/base", "a/checkpoint-5", 7])
def test_local_paths_of_an_adapter_are_not_followed(path: object) -> None:
    """A path in adapter_config.json, or anything but a text, is a problem and no base."""
    found = declared(adapter={"base_model_name_or_path": path})
    assert found.bases == ()
    assert len(found.problems) == 1


def test_config_name_declares_only_when_nothing_else_does() -> None:
    """config.json counts as a declaration of a silent card, and as a leak beside a speaking one."""
    config = {"_name_or_path": "acme/base"}
    why = "config.json _name_or_path"
    assert declared(config=config).bases == (base("acme/base", why),)
    spoken = declared("base_model: other/base", config=config)
    assert [b.ref for b in spoken.bases] == ["other/base"]
    assert spoken.leaked == (base("acme/base", why),)
    assert declared("base_model: Acme/base", config=config).leaked == ()


@pytest.mark.parametrize("name", ["", "me/model", "/data/x", "gpt2", "output/x", 3, None])
def test_config_names_that_say_nothing_are_ignored(name: object) -> None:
    """The model's own name, a folder, or no name in config.json is neither base nor problem."""
    found = declared(config={"_name_or_path": name})
    assert (found.bases, found.leaked, found.problems) == ((), (), ())


def test_bases_and_problems_are_capped() -> None:
    """A hostile card cannot order a hundred downloads or fill a report."""
    many = declared("base_model: [" + ", ".join(f"a/b{i}" for i in range(100)) + "]")
    assert len(many.bases) == MAX_BASES
    assert tuple(map(words, many.problems)) == (
        f"84 more bases are declared than the {MAX_BASES} taken",
    )
    bad = declared("base_model: [" + ", ".join(f"/x{i}" for i in range(3000)) + "]")
    assert bad.bases == ()
    assert len(bad.problems) == MAX_PROBLEMS


def test_repeated_key_is_told() -> None:
    """A second base_model does not silently replace the first."""
    found = declared("base_model: a/b\nbase_model: c/d")
    assert [b.ref for b in found.bases] == ["c/d"]
    assert tuple(map(words, found.problems)) == (
        "README.md: base_model is written twice, the last one is used",
    )


def test_model_without_documents_declares_nothing() -> None:
    """A repository of weights alone gives an empty declaration, without a problem."""
    found = read_declaration(MemorySource({"model.safetensors": b"x"}))
    assert (found.bases, found.leaked, found.problems) == ((), (), ())


def test_broken_documents_are_problems() -> None:
    """Each unusable document is told by name, and the others still count."""
    found = read_declaration(
        MemorySource(
            {
                "README.md": b"---\nbase_model: a/b\n",
                "adapter_config.json": b"[]",
                "config.json": b'{"_name_or_path": "c/d"}',
            }
        )
    )
    assert [b.ref for b in found.bases] == ["c/d"]
    assert tuple(map(words, found.problems)) == (
        "README.md line 1: the front matter has no closing ---",
        "adapter_config.json holds a list, not an object",
    )


def test_budget_is_not_swallowed() -> None:
    """A refused read is an error of the run, not an empty declaration."""
    with pytest.raises(BudgetExceededError):
        read_declaration(MemorySource({"README.md": b"---\n---\n"}, max_read=1))


@given(st.binary(max_size=200), st.binary(max_size=100), st.binary(max_size=100))
def test_any_documents_give_a_declaration(card: bytes, adapter: bytes, config: bytes) -> None:
    """No content of the three documents raises, and problems are single printable lines."""
    found = read_declaration(
        MemorySource(
            {
                "README.md": b"---\nbase_model: " + card + b"\n---\n",
                "adapter_config.json": adapter,
                "config.json": config,
            }
        )
    )
    assert all(words(p).isprintable() for p in found.problems)


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(VALUE, VALUE, VALUE, VALUE)
def test_any_value_gives_a_declaration(a: object, b: object, c: object, d: object) -> None:
    """No type of any value raises."""
    card = f"base_model: {json.dumps(a)}\nlicense: {json.dumps(b)}"
    found = declared(
        card, adapter={"base_model_name_or_path": c, "revision": d}, config={"_name_or_path": d}
    )
    assert all(words(p).isprintable() for p in found.problems)
