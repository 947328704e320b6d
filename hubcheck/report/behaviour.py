"""What does a report hold of what models do when they are run? Context, never part of a verdict."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hubcheck.report.part import Part


class BehaviourKind(Part):
    """What two models have in common on one kind of prompt."""

    prompts: str = Field(description="texts, random tokens, beginnings")
    positions: int = Field(ge=0)
    agreement: float = Field(ge=0, le=1, description="share of positions with one next token")
    kl: float = Field(description="mean divergence from the base, nats; -1: two vocabularies")
    js: float = Field(description="mean Jensen-Shannon divergence, bits; -1: two vocabularies")
    cka: tuple[float, ...] = Field(
        default=(), description="linear CKA of the states, by layer of the subject"
    )


class KnownBehaviour(Part):
    """The same numbers of pairs of which it is known what they are."""

    relation: Literal["family", "strangers"]
    prompts: str
    pairs: int = Field(ge=1)
    agreement: tuple[float, float] = Field(description="least and most")
    js: tuple[float, float] = Field(description="least and most, bits")
    cka: tuple[float, float] = Field(description="median over layers: least and most")


class Heard(Part):
    """How a server's answers stand to those of an open model."""

    positions: int = Field(ge=0)
    agreement: float = Field(ge=0, le=1, description="share of texts with one next word")
    overlap: float = Field(ge=0, le=1, description="share of its top tokens among the model's")


class Behaviour(Part):
    """Two models run on the prompts that ship, or why they were not."""

    against: Literal["base", "endpoint"]
    base: str = Field(description="the base as the finding names it; the model's name at a server")
    not_run: str = Field(default="", description="a code; empty where both were run")
    whose: Literal["", "subject", "base", "endpoint"] = Field(
        default="", description="which of the two was not run"
    )
    fault: str = Field(default="", description="class of the library's error, where there is one")
    one_vocabulary: bool = False
    kinds: tuple[BehaviourKind, ...] = ()
    heard: Heard | None = None
    known: tuple[KnownBehaviour, ...] = Field(
        default=(), description="of small models trained for it (docs/behaviour.md)"
    )
