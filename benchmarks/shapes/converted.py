"""What is said of models whose attention was converted to another kind and that were trained on?

``python -m benchmarks.shapes.converted --models DIR`` converts the parent of ``benchmarks.shapes.models``
(grouped queries, heads merged in pairs, latent attention), with ``--strangers`` a model trained apart as
well, trains each on with another text, and holds it against the parent, both ways round, at ``sample``
and ``deep``; prints the table of docs/evidence.md. What is trained already is left alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

from benchmarks.shapes.models import CHILD_RATE, PARENT, Trainer, independent
from hubcheck.card.wording import sentence
from hubcheck.report.schema import Finding
from hubcheck.report.words import Depth, Verdict
from tests.evidence.laboratory import outcome_of, request, weights_of
from tests.material.zoo.corpus import Text, tokenizer_files
from tests.material.zoo.cuts import latent, merged_heads, merged_kv
from tests.material.zoo.folder import write_model
from tests.material.zoo.learn import TINY_WINDOW, draw, learning_rate, tiny_tokens, train_tiny
from tests.material.zoo.model import Shape
from tests.material.zoo.symmetries import Arrays

KINDS: Final = ("grouped queries", "heads merged in pairs", "latent attention")
STRANGER: Final = "stranger"
RANK: Final = 48
ROPE: Final = 8
SEED: Final = 1300
FURTHER: Final = 150
"""Steps of a converted model, half of what a child gets."""


def converted(kind: str, weights: Arrays) -> tuple[Arrays, Shape, dict[str, object]]:
    """Return a model's weights with another attention, its shape, and what else its config says."""
    if kind == "latent attention":
        made, said = latent(weights, PARENT, rank=RANK, rope=ROPE)
        return (
            made,
            PARENT,
            {**said, "head_dim": ROPE},
        )  # as its class writes it: of the turned part
    cut = merged_kv if kind == "grouped queries" else merged_heads
    return (*cut(weights, PARENT), {})


def folder_of(models: Path, kind: str, parent: str) -> Path:
    """Return where a converted model lies."""
    return models / "converted" / f"{parent}-{kind.replace(' ', '-')}"


def train_all(models: Path, parents: Sequence[str]) -> None:
    """Train what is converted and every conversion of it, where they are missing."""
    trainer = Trainer(models)
    tokenizer = Tokenizer.from_file(str(models / "tokenizer.json"))
    trainer.train(independent(0), PARENT, seed=900)
    if STRANGER in parents:
        trainer.train(STRANGER, PARENT, seed=SEED)
    tokens = tiny_tokens(tokenizer, Text.OTHER)
    for parent in parents:
        for n, kind in enumerate(KINDS):
            folder = folder_of(models, kind, parent)
            if (folder / "trained").exists():
                continue
            start, shape, said = converted(kind, weights_of(models / parent))
            write = _writer(folder, shape, said, tokenizer)
            write(start)
            if said:
                weights, losses = _trained_by_its_class(folder, tokens, SEED + n)
            else:
                weights, loss = train_tiny(
                    tokens, start=start, order_seed=SEED + n, steps=FURTHER, rate=CHILD_RATE, shape=shape
                )  # fmt: skip
                losses = [loss]
            write(weights)
            (folder / "trained").write_text(f"{np.mean(losses[-20:]):.3f}\n")


def _writer(folder: Path, shape: Shape, said: dict[str, object], tokenizer: Tokenizer) -> Any:
    def write(weights: Arrays) -> None:
        write_model(
            folder, weights, {**shape.config(), **said}, tokenizer_files=tokenizer_files(tokenizer),
            card="", dtype="F32",
        )  # fmt: skip

    return write


def _trained_by_its_class(
    folder: Path, tokens: NDArray[np.int64], seed: int
) -> tuple[Arrays, list[float]]:
    """Train a model on as its published class computes it: the zoo's own has no latent attention."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.0, betas=(0.9, 0.95), weight_decay=0.1)
    losses = []
    for step in range(FURTHER):
        windows = torch.from_numpy(draw(tokens, seed, step, window=TINY_WINDOW))
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, FURTHER, CHILD_RATE)
        loss = model(input_ids=windows, labels=windows).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(loss.detach()))
    return {n: w.detach().numpy().copy() for n, w in model.state_dict().items()}, losses


def lines(models: Path, parents: Sequence[str]) -> Iterator[dict[str, object]]:
    """Yield what a check says of every conversion and the parent, both ways round."""
    parent = models / independent(0)
    for depth in (Depth.SAMPLE, Depth.DEEP):
        for of in parents:
            for kind in KINDS:
                folder = folder_of(models, kind, of)
                for subject, base in ((folder, parent), (parent, folder)):
                    outcome = outcome_of(
                        replace(request(subject, suspects=[base], seed=SEED), depth=depth)
                    )
                    yield {
                        "kind": kind, "of": of, "depth": depth.value, "turned": base == folder,
                        "loss": (folder / "trained").read_text().strip(),
                        **_said(outcome.report.findings[0]),
                    }  # fmt: skip


def _said(finding: Finding) -> dict[str, object]:
    relation = finding.relation
    return {
        "verdict": finding.verdict.value,
        "reason": sentence(finding.reason),
        "relation": "" if relation is None else relation.kind.value,
        "detail": "" if relation is None else sentence(relation.detail),
        "log10_p": round(finding.log10_p, 1),
        "kept": round(finding.kept, 3),
        "parts": {part.name: part.verdict.value for part in finding.parts},
    }


def table(found: Sequence[dict[str, object]]) -> str:
    """Return one row a conversion, way round and depth; strangers as one count."""
    said = ["| attention | depth | base | verdict | relation | bound | similarity |"]
    said.append("|---|---|---|---|---|---|---|")
    for one in found:
        if one["of"] != STRANGER:
            base = "the converted one" if one["turned"] else "the parent"
            said.append(
                f"| {one['kind']} | {one['depth']} | {base} | {one['verdict']} | {one['relation']} | "
                f"1e{one['log10_p']:.0f} | {one['kept']:.2f} |"
            )
    apart = [one for one in found if one["of"] == STRANGER]
    wrong = [one for one in apart if one["verdict"] != Verdict.UNRELATED]
    said += [f"\nstrangers: {len(apart)}, not unrelated {len(wrong)}"] * bool(apart)
    return "\n".join(said)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shapes.converted")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only-train", action="store_true")
    parser.add_argument("--strangers", action="store_true")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    parents = (independent(0), STRANGER) if given.strangers else (independent(0),)
    train_all(given.models, parents)
    if given.only_train:
        return 0
    found = list(lines(given.models, parents))
    if given.json is not None:
        given.json.write_text(json.dumps(found, indent=1) + "\n")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
