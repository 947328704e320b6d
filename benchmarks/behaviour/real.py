"""What are the numbers of a really published model, its children, and a stranger?

``python -m benchmarks.behaviour.real --build DIR`` takes SmolLM2-135M-Instruct and Gemma 3 270M out
of the packages that ``benchmarks.real.fetch`` unpacked there (GGUF files, run as they lie), makes
children of the first (rounded to 8 bits and to 4 in groups of 32 values, as quantised files hold
them, and to 15 steps a row; the smaller third of every matrix set to zero; a light fine-tune of
some steps on another text), and prints one line a pair. What one model did is kept in
DIR/behaviour, so a stopped run goes on; ``--only`` runs one model, and with ``--write`` it is written
as a model of its own, for ``hubcheck check DIR/behaviour/NAME --base DIR/smollm2 --behaviour``.
"""

from __future__ import annotations

import argparse
import json
import pickle
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file

from hubcheck.behaviour.comparison import (
    BEGINNINGS,
    RANDOM,
    TEXTS,
    Run,
    compared,
    one_vocabulary,
    same_texts,
    same_tokens,
)
from hubcheck.behaviour.places import laid_out
from hubcheck.behaviour.prompts import prompts
from hubcheck.behaviour.running import Runner, loaded
from hubcheck.model import Access, open_model
from hubcheck.source.reference import parse_reference
from tests.material.zoo.corpus import Text, documents

STEPS: Final = 8
RATE: Final = 1e-4
LENGTH: Final = 48
ROWS: Final = 2
THIRD: Final = 1 / 3
GROUP: Final = 32
"""Values that share a scale in GGUF's simple types."""
STRANGER: Final = "stranger"


def matrices(model: Any) -> Iterator[Any]:
    """Yield every matrix of the layers."""
    for name, weight in model.named_parameters():
        if weight.dim() > 1 and "embed" not in name and "head" not in name:
            yield weight


def rounded(model: Any, steps: int, group: int | None) -> None:
    """Round every matrix of the layers.

    Args:
        model: Of transformers.
        steps: On either side of zero.
        group: Values that share a scale; None: a row.
    """
    for weight in matrices(model):
        parts = weight.view(-1, group or weight.shape[1])
        scale = parts.abs().amax(dim=1, keepdim=True) / steps
        parts.copy_(torch.round(parts / scale.clamp_min(1e-12)) * scale)


def pruned(model: Any) -> None:
    """Set the smaller third of every matrix of the layers to zero."""
    for weight in matrices(model):
        edge = weight.abs().flatten().kthvalue(max(1, int(weight.numel() * THIRD))).values
        weight.mul_(weight.abs() > edge)


def tuned(model: Any, runner: Runner) -> None:
    """Train all weights for some steps on prose that is not among the prompts."""
    known = {prompt.text for prompt in prompts()}
    ids = [
        n for text in documents(Text.OTHER) if text not in known for n in runner.ids(text[:4000])
    ]
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.0)
    generator = torch.Generator().manual_seed(7)
    with torch.enable_grad():
        for step in range(STEPS):
            starts = torch.randint(0, len(ids) - LENGTH, (ROWS,), generator=generator)
            rows = torch.tensor([ids[start : start + LENGTH] for start in starts.tolist()])
            loss = model(input_ids=rows, labels=rows, use_cache=False).loss
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
            print(f"step {step}: loss {float(loss.detach()):.3f}", file=sys.stderr, flush=True)


CHANGES: Final[dict[str, Callable[[Any, Runner], None]]] = {
    "as published": lambda _model, _runner: None,
    "8 bits, groups of 32": lambda model, _runner: rounded(model, 127, GROUP),
    "4 bits, groups of 32": lambda model, _runner: rounded(model, 7, GROUP),
    "4 bits, a row": lambda model, _runner: rounded(model, 7, None),
    "pruned": lambda model, _runner: pruned(model),
    "fine-tuned": tuned,
}


def ran(names: Sequence[str], folder: Path, kept: Path, *, write: bool = False) -> dict[str, Run]:
    """Return what a model and its children do; made of the published one, which is loaded once."""
    places = {name: kept / f"{plain(name)}.pickle" for name in names}
    left = [name for name, place in places.items() if write or not place.is_file()]
    if left:
        access = Access(max_read=1 << 40, token=None, endpoint=None)
        model = open_model(parse_reference(str(folder)), access)
        with tempfile.TemporaryDirectory() as work:
            gguf = laid_out(model, Path(work), all_bytes=True)
            with loaded(Path(work), gguf) as runner:
                first = {n: w.detach().clone() for n, w in runner.model.named_parameters()}
                for name in left:
                    began = time.monotonic()
                    with torch.no_grad():
                        for n, weight in runner.model.named_parameters():
                            weight.copy_(first[n])
                        CHANGES.get(name, CHANGES["as published"])(runner.model, runner)
                    places[name].write_bytes(pickle.dumps(_run(runner)))
                    if write:
                        written(runner, kept / plain(name))
                    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                    took = time.monotonic() - began
                    print(f"{name}: {took:.0f} s, {peak:.0f} MB", file=sys.stderr, flush=True)
    return {name: pickle.loads(place.read_bytes()) for name, place in places.items()}  # noqa: S301


def plain(name: str) -> str:
    """Return a name as a file has it."""
    return name.replace(",", "").replace(" ", "-")


def written(runner: Runner, folder: Path) -> None:
    """Write a model as people publish it: bfloat16, with its tokenizer."""
    folder.mkdir(exist_ok=True)
    config = runner.model.config.to_dict()
    config.pop("quantization_config", None)  # of the file that it was unpacked from
    (folder / "config.json").write_text(json.dumps(config, default=str))
    weights = {
        name: weight.detach().to(torch.bfloat16).contiguous()
        for name, weight in runner.model.named_parameters()
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    runner.tokenizer.save_pretrained(folder)


def _run(runner: Runner) -> Run:
    own = runner.vocabulary
    tokens, texts = same_tokens(runner, one_vocabulary(own, own)), same_texts(runner)
    return Run(vocabulary=own, seen={**tokens.seen, **texts.seen}, first_words=texts.first_words)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.behaviour.real")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--only", choices=[*CHANGES, STRANGER])
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    kept = given.build / "behaviour"
    kept.mkdir(parents=True, exist_ok=True)
    names = [given.only] if given.only else [*CHANGES, STRANGER]
    smollm2, gemma = given.build / "smollm2", given.build / "gemma"
    family = [name for name in names if name != STRANGER]
    runs = ran(family, smollm2, kept, write=given.write) if family else {}
    if STRANGER in names:
        runs |= ran([STRANGER], gemma, kept)
    if given.only:
        return 0
    base = runs.pop("as published")
    for name, run in runs.items():
        both = one_vocabulary(base.vocabulary, run.vocabulary)
        asked = (TEXTS, RANDOM, BEGINNINGS) if both else (BEGINNINGS,)
        for kind in compared(base, replace(run, seen={one: run.seen[one] for one in asked})):
            layers = [kind.cka[n] for n in (0, 1, len(kind.cka) // 2, -1)]
            cells = [f"{kind.kl:.3f}", f"{kind.js:.3f}"] if kind.js >= 0 else ["-", "-"]
            cells.append(", ".join(f"{n:.2f}" for n in layers))
            print(
                f"| {name} | {kind.prompts} | {kind.positions} | {kind.agreement:.2f} | "
                f"{' | '.join(cells)} |"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
