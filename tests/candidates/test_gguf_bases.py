"""A GGUF header declares bases where nothing else does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hubcheck.candidates.declared import Declaration, DeclaredBase
from hubcheck.candidates.gguf_bases import with_header_bases
from hubcheck.card.wording import words
from hubcheck.report.hints import at_line

SILENT = Declaration(
    bases=(), leaked=(), relation="", licence="", licence_name="", licence_link="", problems=()
)
URL = {
    "general.base_model.count": "1",
    "general.base_model.0.repo_url": "https://huggingface.co/acme/base-7b",
}


def test_the_address_in_a_header_is_a_declared_base() -> None:
    """A header's repository address becomes a base, with where it was found."""
    (base,) = with_header_bases(SILENT, URL, own="me/child-GGUF").bases
    assert base.ref == "acme/base-7b"
    assert words(base.why) == "GGUF header general.base_model.0.repo_url"


def test_titles_become_a_repository_name() -> None:
    """Without an address the organisation and the title are joined as a repository is named."""
    metadata = {
        "general.base_model.count": "1",
        "general.base_model.0.organization": "Meta Llama",
        "general.base_model.0.name": "Llama 3.1 8B",
    }
    assert [b.ref for b in with_header_bases(SILENT, metadata, own="me/x").bases] == [
        "Meta-Llama/Llama-3.1-8B"
    ]


def test_the_card_outranks_the_header() -> None:
    """A card that declares a base is not added to."""
    said = DeclaredBase(ref="acme/other", revision="", why=at_line("README.md", 2))
    spoken = Declaration(
        bases=(said,),
        leaked=(),
        relation="",
        licence="",
        licence_name="",
        licence_link="",
        problems=(),
    )
    assert with_header_bases(spoken, URL, own="me/x") == spoken


def test_a_model_is_not_its_own_base() -> None:
    """A header that names the model itself declares nothing."""
    assert not with_header_bases(SILENT, URL, own="ACME/base-7b").bases


def test_a_path_in_a_header_is_a_problem_and_not_followed() -> None:
    """A local path is told and never opened."""
    metadata = {
        "general.base_model.count": "1",
        "general.base_model.0.repo_url": "../../etc/passwd",
    }
    declared = with_header_bases(SILENT, metadata, own="me/x")
    assert not declared.bases
    assert "is a path" in words(declared.problems[0])


@given(st.dictionaries(st.sampled_from([*URL, "general.base_model.0.name"]), st.text(max_size=40)))
def test_any_header_is_answered(metadata: dict[str, str]) -> None:
    """Whatever a header says, the answer is a declaration with at most sixteen bases."""
    assert len(with_header_bases(SILENT, metadata, own="me/x").bases) <= 16
