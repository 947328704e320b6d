"""Are trained models of pictures judged as trained language models are?

    python -m benchmarks.kinds.trained_senses               # trains once, into build/kinds-trained; then asks
    python -m benchmarks.kinds.trained_senses --only ViT

A small ViT, CLIP and Whisper from three seeds each (``--seeds``), on what ``sense_models`` draws;
of the first of each a fine-tune on other pictures, and a *half*: one stack, or every second
layer, from the second seed. Independents are held against one hit a family, as ``trained`` does; a
half is never ``confirmed``, and neither is a stranger. The exit code is 1 where that fails or a child
is not found.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch

from benchmarks.kinds.build import Published, published_in
from benchmarks.kinds.folder import changed, write
from benchmarks.kinds.judge import MATCH
from benchmarks.kinds.sections import write_part
from benchmarks.kinds.sense_models import KINDS, RATE, STEPS, TUNING, TUNING_RATE, configured, learn
from benchmarks.kinds.trained import (
    BUILD,
    SEEDS,
    Answer,
    asked,
    command_line,
    keep,
    one_thread,
    table,
    tell,
)
from benchmarks.kinds.trained_models import save

CHILD: Final = "fine-tune"
HALF: Final = "half of another"
CONFIRMED: Final = "confirmed"
FOREIGN: Final = {
    "ViT": tuple(f"encoder.layer.{n}." for n in (1, 3)),
    "CLIP": ("text_model.",),
    "Whisper": ("model.decoder.",),
}
"""What a half has from the other seed."""


def trained(kind: str, build: Path, steps: int, seeds: Sequence[int]) -> dict[str, Path]:
    """Return the folders of a kind's models, training those that are not there."""
    folders = {}
    for seed in seeds:
        at = folders[f"seed {seed}"] = build / f"{kind}-{seed}"
        if not (at / "model.safetensors").exists():
            torch.manual_seed(seed)
            model = configured(kind)
            loss = learn(kind, model, seed, steps, RATE)
            tell(f"{kind}, seed {seed}: loss {loss:.2f}")
            save(model, at)
    at = folders[CHILD] = build / f"{kind}-{CHILD}"
    if not (at / "model.safetensors").exists():
        tuned = type(configured(kind)).from_pretrained(folders["seed 1"])
        loss = learn(kind, tuned, 12, max(1, steps * TUNING // STEPS), TUNING_RATE, other=True)
        tell(f"{kind}, {CHILD}: loss {loss:.2f}")
        save(tuned, at)
    at = folders[HALF] = build / f"{kind}-half"
    one, two = (published_in(folders[f"seed {n}"]) for n in (1, 2))
    write(at, half(kind, one, two))
    return folders


def half(kind: str, one: Published, two: Published) -> Published:
    """Return a model with one part of another."""
    mixed = {
        name: two.tensors[name] if any(f in name for f in FOREIGN[kind]) else values
        for name, values in one.tensors.items()
    }
    return changed(one, mixed)


def answers(kind: str, folders: dict[str, Path]) -> list[Answer]:
    """Ask about every ordered pair of seeds, the child, and the half."""
    seeds = [name for name in folders if name.startswith("seed ")]
    pairs = [(a, b, False) for a in seeds for b in seeds if a != b]
    pairs += [(CHILD, seeds[0], True), (CHILD, seeds[1], False), (HALF, seeds[0], True)]
    return asked(kind, folders, pairs)


def wrong(row: Answer) -> bool:
    """Say whether an answer is untrue, a child was missed, or a stranger or a half was confirmed."""
    if row.subject == HALF or not row.related:
        return row.declaration == CONFIRMED or (row.false and row.subject != HALF)
    return row.verdict not in MATCH


def words(rows: Sequence[Answer]) -> str:
    """Return the table of all pairs but the halves, and what was said of these."""
    text = table([r for r in rows if r.subject != HALF])
    halves = [r for r in rows if r.subject == HALF]
    said = "; ".join(f"{r.kind} {r.verdict} {r.relation}".strip() for r in halves)
    good = sum(r.declaration != CONFIRMED for r in halves)
    return (
        f"{text}\nA part of another seed inside: {good} of {len(halves)} not confirmed ({said}).\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, ask, print, and return the exit code."""
    parser = command_line(
        "benchmarks.kinds.trained_senses", __doc__, build=BUILD, steps=STEPS, kinds=KINDS
    )
    parser.add_argument("--seeds", type=int, choices=(2, 3), default=3, help="of each kind")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write its part of the page")
    given = parser.parse_args(arguments)
    one_thread()
    rows: list[Answer] = []
    for kind in [given.only] if given.only else KINDS:
        rows += answers(kind, trained(kind, given.build, given.steps, SEEDS[: given.seeds]))
    print(words(rows))
    keep(rows, given.json)
    if given.page is not None:
        write_part(given.page, "trained-senses", words(rows))
    return int(any(map(wrong, rows)))


if __name__ == "__main__":
    sys.exit(main())
