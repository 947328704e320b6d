"""Which sentences state a distillation, and of which base?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.candidates.declared import read_declaration
from hubcheck.candidates.distilled import distilled_from
from tests.memory_source import MemorySource

STATED = [
    "This model was distilled from org/teacher.",
    "Distilled from the `org/teacher` checkpoint on 1 B tokens.",
    "A knowledge distillation of [Teacher](https://huggingface.co/org/teacher).",
    "Distillation from **org/teacher** with a small student.",
    "We distilled this student from [it](hf.co/org/teacher)",
    "It is distilled, on our own data, from org/teacher",
]
NOT_STATED = [
    "This model was not distilled from org/teacher.",
    "Fine-tuned (and never distilled) from org/teacher.",
    "It isn't distilled from org/teacher.",
    "Fine-tuned from org/teacher. Distillation of other models is planned.",
    "Distillation is popular. Weights come from org/teacher.",
    "If it were distilled from org/teacher it would be smaller.",
    "Distilled with org/teacher as judge.",
    "distilled from teacher",
]


@pytest.mark.parametrize("sentence", STATED)
def test_a_sentence_that_names_the_teacher_states_it(sentence: str) -> None:
    """By a name, a link, and with other words between."""
    assert distilled_from([sentence]) == {"org/teacher"}


@pytest.mark.parametrize("sentence", NOT_STATED)
def test_a_sentence_that_denies_or_says_something_else_does_not(sentence: str) -> None:
    """A denial, another sentence's name, a name without an owner."""
    assert distilled_from([sentence]) == set()


@given(st.text(max_size=300))
def test_no_text_breaks_it(text: str) -> None:
    """What is found is a repository name, whatever the card holds."""
    assert all("/" in name for name in distilled_from([text, "distilled from " + text]))


def said(card: str, prose: str) -> frozenset[str]:
    """Return which bases of a card its prose calls teachers."""
    data = f"---\n{card}\n---\n{prose}\n".encode()
    return read_declaration(MemorySource({"README.md": data}, ref="me/m")).distilled


def test_it_holds_for_the_base_that_the_sentence_names() -> None:
    """Another declared base is claimed as before."""
    both = "base_model: [org/teacher, org/other]"
    assert said(both, STATED[0]) == {"org/teacher"}
    assert said("base_model: org/other", STATED[0]) == set()


@pytest.mark.parametrize("relation", ["finetune", "quantized", "adapter", "merge"])
def test_a_relation_that_inherits_weights_outweighs_the_sentence(relation: str) -> None:
    """Who declares a fine-tune claims the weights."""
    assert said(f"base_model: org/teacher\nbase_model_relation: {relation}", STATED[0]) == set()
