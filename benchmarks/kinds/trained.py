"""Are trained encoders and encoder-decoders judged as trained language models are?

    python -m benchmarks.kinds.trained                     # trains once, into build/kinds-trained; then asks
    python -m benchmarks.kinds.trained --steps 200 --only T5

A small BERT and a small T5 from three seeds each; of the first of each a fine-tune on other text, a
new vocabulary that was trained on, and the same function under other orders. Under the null
hypothesis a test counts one hit on average, so the mean over all families of independents is held
against 1. The exit code is 1 where a stranger matches or a child does not.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Final

import torch

from benchmarks.kinds.ask import Said, ask
from benchmarks.kinds.build import Published, published_in
from benchmarks.kinds.folder import tokenizer, words, write
from benchmarks.kinds.judge import MATCH, finding_of
from benchmarks.kinds.sections import write_part
from benchmarks.kinds.table import markdown
from benchmarks.kinds.trained_models import (
    NEW_WORDS,
    RATE,
    STEPS,
    TUNING,
    TUNING_RATE,
    Texts,
    configured,
    largest_difference,
    learn,
    loaded,
    relabelled,
    renumbered,
    save,
    texts,
    with_new_words,
)
from hubcheck.report.words import Verdict

BUILD: Final = Path("build/kinds-trained")
KINDS: Final = ("BERT", "T5")
SEEDS: Final = (1, 2, 3)
CHILDREN: Final = ("fine-tune", "new vocabulary", "relabelled")
BODY: Final = frozenset({"neurons", "heads", "vo-dimensions", "experts"})
"""Tests of orders of the body; channels are one order for the whole model."""
SAME_FUNCTION: Final = 1e-3
"""Largest difference of outputs that rounding may leave after relabelling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One pair and what was said."""

    kind: str
    subject: str
    base: str
    related: bool
    """Whether it is."""
    verdict: str
    relation: str
    declaration: str
    hits: tuple[int, ...]
    """Of every family of the body."""

    @property
    def false(self) -> bool:
        """Return whether the verdict is untrue; an open one is not."""
        matches = self.verdict in MATCH
        return matches is not self.related and (matches or self.verdict == Verdict.UNRELATED)


def trained(kind: str, given: Texts, build: Path, steps: int) -> dict[str, Path]:
    """Return the folders of a kind's models, training those that are not there."""
    folders = {}
    for seed in SEEDS:
        at = folders[f"seed {seed}"] = build / f"{kind}-{seed}"
        if not (at / "model.safetensors").exists():
            torch.manual_seed(seed)
            model = configured(kind, len(given.tokens))
            loss = learn(model, given.main, seed, steps, RATE)
            tell(f"{kind}, seed {seed}: loss {loss:.2f}")
            save(model, at)
        (at / "tokenizer.json").write_text(tokenizer(given.tokens))
    parent = published_in(folders["seed 1"])
    tuning = max(1, steps * TUNING // STEPS)
    for child in CHILDREN:
        at = folders[child] = build / f"{kind}-{child.replace(' ', '-')}"
        if not (at / "model.safetensors").exists():
            _make(kind, child, parent, given, at, tuning)
        new = child == "new vocabulary"
        (at / "tokenizer.json").write_text(tokenizer(words(NEW_WORDS) if new else given.tokens))
    return folders


def _make(kind: str, child: str, parent: Published, given: Texts, at: Path, steps: int) -> None:
    if child == "relabelled":
        model = relabelled(kind, parent, 11)
        left = largest_difference(kind, parent, model)
        if left > SAME_FUNCTION:
            raise ValueError(f"{kind}: relabelling changed the function by {left:.2g}")
        write(at, model)
        return
    if child == "fine-tune":
        tuned: Any = loaded(kind, parent)
        loss = learn(tuned, given.other, 12, steps, TUNING_RATE)
    else:
        tuned = with_new_words(kind, parent, 13)
        loss = learn(tuned, renumbered(given.main, len(given.tokens), 13), 14, steps, TUNING_RATE)
    tell(f"{kind}, {child}: loss {loss:.2f}")
    save(tuned, at)


def answers(kind: str, folders: dict[str, Path]) -> list[Answer]:
    """Ask about every ordered pair of seeds, and about each child and its parent or a stranger."""
    seeds = [f"seed {s}" for s in SEEDS]
    pairs = [(a, b, False) for a in seeds for b in seeds if a != b]
    pairs += [(child, seeds[0], True) for child in CHILDREN]
    pairs += [(child, seeds[1], False) for child in CHILDREN]
    return asked(kind, folders, pairs)


def asked(
    kind: str, folders: dict[str, Path], pairs: Iterable[tuple[str, str, bool]]
) -> list[Answer]:
    """Ask about pairs of subject and base, each with whether they are related."""
    found = []
    for subject, base, related in pairs:
        said = ask(folders[subject], folders[base])
        finding = finding_of(said)
        found.append(
            Answer(
                kind=kind,
                subject=subject,
                base=base,
                related=related,
                verdict=str(finding.get("verdict", f"exit {said.exit_code}")),
                relation=str((finding.get("relation") or {}).get("kind", "")),
                declaration=str(said.report.get("verdict", "")),
                hits=hits_of(said),
            )
        )
        tell(f"{kind}: {subject} against {base}: {found[-1].verdict}")
    return found


def hits_of(said: Said) -> tuple[int, ...]:
    """Return the hits of every family of the body."""
    rows = finding_of(said).get("evidence") or ()
    return tuple(int(row["hits"]) for row in rows if row["test"] in BODY)


def table(rows: Sequence[Answer]) -> str:
    """Return every pair, and the mean hits of independents with its standard error."""
    lines = [
        (r.kind, r.subject, r.base, "yes" if r.related else "no",
         f"{'✗ ' if r.false else ''}{r.verdict}{': ' + r.relation if r.relation else ''}",
         f"{fmean(r.hits):.2f} in {len(r.hits)}" if r.hits else "none")
        for r in rows
    ]  # fmt: skip
    text = markdown(("kind", "subject", "base", "related", "judged", "mean hits, families"), lines)
    for kind in dict.fromkeys(r.kind for r in rows):
        own = [r for r in rows if r.kind == kind]
        hits = [h for r in own if not r.related for h in r.hits]
        if len(hits) > 1:
            error = stdev(hits) / len(hits) ** 0.5
            text += f"\n{kind}, independents: {fmean(hits):.2f} ± {error:.2f} hits in {len(hits)} families, most {max(hits)}; by chance 1.\n"
        children = [r for r in own if r.related]
        text += f"{kind}: {sum(r.verdict in MATCH for r in children)} of {len(children)} children found.\n"
    return text


def tell(text: str) -> None:
    """Say on the terminal what was done."""
    print(f"trained: {text}", file=sys.stderr, flush=True)


def command_line(
    module: str, about: str | None, *, build: Path, steps: int, kinds: Sequence[str]
) -> argparse.ArgumentParser:
    """Return what every benchmark of trained models can be asked."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=about)
    parser.add_argument("--build", type=Path, default=build, help="where the models are kept")
    parser.add_argument("--steps", type=int, default=steps, help="of training from scratch")
    parser.add_argument("--only", choices=kinds)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here as well")
    return parser


def one_thread() -> None:
    """Let the arithmetic of checks take one thread, unless somebody said otherwise."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def keep(rows: Sequence[Answer], path: Path | None) -> None:
    """Write the rows into a file, where one is asked for."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        found = [{n: getattr(r, n) for n in Answer.__slots__} for r in rows]
        path.write_text(json.dumps(found, indent=1) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, ask, print, and return the exit code."""
    parser = command_line(
        "benchmarks.kinds.trained", __doc__, build=BUILD, steps=STEPS, kinds=KINDS
    )
    parser.add_argument("--page", type=Path, metavar="FILE", help="write its part of the page")
    given = parser.parse_args(arguments)
    one_thread()
    read = texts()
    rows: list[Answer] = []
    for kind in [given.only] if given.only else KINDS:
        rows += answers(kind, trained(kind, read, given.build, given.steps))
    print(table(rows))
    keep(rows, given.json)
    if given.page is not None:
        write_part(given.page, "trained", table(rows))
    missed = any(r.related and r.verdict not in MATCH for r in rows)
    return 1 if missed or any(r.false for r in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
