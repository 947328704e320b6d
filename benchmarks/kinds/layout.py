"""What is one way of laying a repository out, and what is true of the models in it?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import torch

from benchmarks.kinds.build import CannotBuild, Published, build
from benchmarks.kinds.folder import vocabulary_size, words, write
from benchmarks.kinds.pairs import NOISE, noisy
from benchmarks.kinds.recipes import KINDS, Kind
from hubcheck.report.words import RelationKind


class Truth(StrEnum):
    """What is true of the subject in its layout, and so what may be said."""

    SAME = "the base's values"
    """Stored in another way; a relation of ``relations`` is true."""
    TUNED = "a fine-tune of the base"
    STRANGER = "a stranger"
    PARTLY = "some of the base's components, the others a stranger's"
    CONTAINER = "a container that is not read"
    """Not tested, the format named, exit 0."""
    OPEN = "nothing that can be settled"
    """No verdict about the base may be given; exit 0, and the words that help are said."""
    BROKEN = "files that contradict themselves"
    """Exit 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A subject and its bases, laid out."""

    subject: Path
    bases: tuple[Path, ...]


@dataclass(slots=True)
class Bench:
    """Models that layouts are made of, built once a question.

    Args:
        seed: Of all of them.
        folder: Where bases are written.
    """

    seed: int
    folder: Path
    _models: dict[tuple[str, str], Published] = field(default_factory=dict)

    def base(self, kind: str) -> Published:
        """Return the base of a kind."""
        return self._of(kind, "base")

    def tuned(self, kind: str) -> Published:
        """Return the base with noise on every tensor."""
        return self._of(kind, "tuned")

    def stranger(self, kind: str) -> Published:
        """Return an independent model of a kind."""
        return self._of(kind, "stranger")

    def tokens(self, kind: str) -> list[str]:
        """Return the words of a kind's vocabulary."""
        size = vocabulary_size(self.base(kind))
        return words(size) if size else []

    def plain(self, kind: str) -> Path:
        """Return a folder with the base as its library saves it, written when first asked for."""
        at = self.folder / f"base-{kind}"
        if not at.exists():
            write(at, self.base(kind), tokens=self.tokens(kind))
        return at

    def _of(self, kind: str, which: str) -> Published:
        if (kind, which) not in self._models:
            self._models[kind, which] = self._made(kind, which)
        return self._models[kind, which]

    def _made(self, kind: str, which: str) -> Published:
        if which == "tuned":
            generator = torch.Generator().manual_seed(self.seed + 7)
            return noisy(self.base(kind), NOISE, generator)
        made = build(kind_of(kind), self.seed + (1_000_003 if which == "stranger" else 0))
        if isinstance(made, CannotBuild):
            raise NotBuilt(made)
        return made


class NotBuilt(Exception):  # noqa: N818 - not an error of the layout
    """A layout needs a model that cannot be built here."""

    def __init__(self, why: CannotBuild) -> None:
        """Keep the reason."""
        super().__init__(why.detail)
        self.why = why


Make = Callable[[Bench, Path], Question]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One way of laying a repository out.

    Args:
        name: In a few words.
        family: Which chapter of the table it belongs to.
        make: Writes it into a folder and says what to ask.
        truth: What is true of it.
        relations: True words for the relation, besides an open one.
        says: Words of which the card must hold one; any where empty.
        or_told: Instead of a match it is right to leave the matter open and to say those words.
    """

    name: str
    family: str
    make: Make
    truth: Truth
    relations: frozenset[RelationKind] = frozenset()
    says: tuple[str, ...] = ()
    or_told: bool = False

    @property
    def expected(self) -> str:
        """Return what is true, and what has to be named."""
        named = f"names {' or '.join(self.says)}" if self.says else ""
        link = ", or open and " if self.or_told else ", "
        return f"{self.truth}{link}{named}" if named else str(self.truth)


BY_NAME: Final[Mapping[str, Kind]] = {kind.name: kind for kind in KINDS}


def kind_of(name: str) -> Kind:
    """Return a kind by its name."""
    return BY_NAME[name]


def lay_out(layout: Layout, seed: int, folder: Path) -> Question | CannotBuild:
    """Write a layout and return the question, or why it cannot be made here.

    Args:
        layout: Which.
        seed: Of its models.
        folder: Where.
    """
    bench = Bench(seed=seed, folder=folder)
    subject = folder / "subject"
    subject.mkdir(parents=True, exist_ok=True)
    try:
        return layout.make(bench, subject)
    except NotBuilt as stop:
        return stop.why
    except ImportError as error:
        return CannotBuild("no-package", str(error))
    except Exception as error:  # noqa: BLE001 - a library's own failure; it is listed as not built
        return CannotBuild("failed", f"{type(error).__name__}: {error}"[:300])
