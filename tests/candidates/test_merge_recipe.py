"""Tests of the models that a merge recipe names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hubcheck.candidates.declared import read_declaration
from hubcheck.candidates.merge_recipe import recipe_bases
from hubcheck.card.wording import words
from hubcheck.source.reference import is_repo_id
from tests.memory_source import MemorySource

RECIPE = b"""slices:
- sources:
  - model: acme/one
    layer_range: [0, 32]
  - model: acme/two+acme/adapter
    layer_range: [0, 32]
merge_method: slerp
base_model: acme/one
parameters:
  t: 0.5
  note: {model: ./local/folder}
"""


def refs(data: bytes) -> list[str]:
    """Return the names in a recipe."""
    return [n.ref for n, _ in recipe_bases(MemorySource({"mergekit_config.yml": data}))]


def test_every_model_of_a_recipe_is_named_once() -> None:
    """Sources, adapters behind a plus sign and the base count; local folders do not."""
    assert refs(RECIPE) == ["acme/one", "acme/two", "acme/adapter"]
    assert refs(b"\xef\xbb\xbf---\n" + RECIPE) == ["acme/one", "acme/two", "acme/adapter"]


def test_a_recipe_declares() -> None:
    """What a recipe merges counts as declared, after the card, with the file as the reason."""
    card = b"---\nbase_model: acme/one\n---\n"
    source = MemorySource({"README.md": card, "mergekit_config.yml": RECIPE})
    said = read_declaration(source)
    assert [b.ref for b in said.bases] == ["acme/one", "acme/two", "acme/adapter"]
    assert [words(b.why) for b in said.bases] == ["README.md line 2", *["mergekit_config.yml"] * 2]


@given(data=st.binary(max_size=300))
def test_any_recipe_gives_names_or_nothing(data: bytes) -> None:
    """No recipe raises, and nothing but repository ids come out."""
    assert all(is_repo_id(ref) for ref in refs(data))


def test_aliases_and_tags_are_not_followed() -> None:
    """A recipe cannot run code or grow by aliases."""
    assert refs(b"model: !!python/object/apply:os.system ['ls']\n") == []
    bomb = b"a: &a [x,x]\nb: &b [*a,*a]\nmodel: *b\n"
    assert refs(bomb) == []
