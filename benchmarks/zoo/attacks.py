"""Which ways of hiding a copy does hubcheck see through, by what, and where does detection end?

``python -m benchmarks.zoo.attacks`` makes every attack of the list, alone and combined, on a light
fine-tune (*finetune*) and on a copy trained twice as long again (*continued2*) of *base*, checks
each at ``sample`` (declared) and at ``deep``, and prints a table with the loss each attack costs.
``--curves`` measures where detection ends: noise, share of rows attacked, share kept. Models land
in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy loads: models are small

import numpy as np
import torch
from torch.nn import functional
from transformers import AutoModelForCausalLM

from benchmarks.zoo.train import MODELS, kept_tokenizer
from hubcheck.card.wording import sentence
from hubcheck.check.run import check
from hubcheck.model import Access
from hubcheck.report.schema import Finding
from hubcheck.report.words import Depth
from hubcheck.request.bases import chosen_bases
from hubcheck.request.interface import Request
from hubcheck.source.reference import LocalReference
from hubcheck.verdict.policy import parse_fail_on
from tests.material.zoo import alterations, disguises, symmetries
from tests.material.zoo.corpus import LEARNED_TOKENS, Text, encode, tokenizer_files
from tests.material.zoo.folder import read_weights, write_model
from tests.material.zoo.learn import windows_at
from tests.material.zoo.model import Shape, forward
from tests.material.zoo.recipes import recipe
from tests.material.zoo.symmetries import Arrays

COPIES: Final = ("finetune", "continued2")
STRANGER: Final = "twin"
LOUD: Final = 2.0
"""Times the weight norm: at twice it the small models lose half a nat and more; at 8 they are gone."""
QUIET_SHARE: Final = 0.05
"""Share of residual directions, those of least variance, that the noise is put into."""
WINDOWS: Final = 64
WINDOW: Final = 128
BUDGETS: Final = {Depth.SAMPLE: 64_000_000, Depth.DEEP: 2_000_000_000}
ESCALATE: Final = 512_000_000


def trained(names: Sequence[str]) -> list[str]:
    """Return those of some copies that are there; the others are left out, and told."""
    there = [name for name in names if (MODELS / name / "training.json").exists()]
    for name in sorted({*names} - {*there}):
        print(f"{name} is not trained: left out", file=sys.stderr)
    return there


@dataclass(frozen=True, slots=True)
class Made:
    """One attacked model."""

    weights: Arrays
    shape: Shape


Attack = Callable[[Made, np.random.Generator], Made]


def inputs_of_mlps(
    folder: Path, ids: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> list[torch.Tensor]:
    """Return what reaches the MLP of every layer on some text, [tokens, channels] each."""
    model = AutoModelForCausalLM.from_pretrained(folder)
    seen: list[torch.Tensor] = []
    for layer in model.model.layers:
        layer.mlp.register_forward_pre_hook(
            lambda _module, given: seen.append(given[0].detach().flatten(0, 1))
        )
    with torch.no_grad():
        model(torch.from_numpy(ids))
    return seen


def quiet_noise(
    made: Made, rng: np.random.Generator, inputs: list[torch.Tensor], size: float = LOUD
) -> Made:
    """Add noise of ``size`` times the weights to gate and up, in directions of least variance.

    Args:
        made: The model.
        rng: Source of the noise.
        inputs: What reaches each MLP of this model.
        size: Length of the noise over the length of the matrix.
    """
    out = dict(made.weights)
    for (gate, up, _), seen in zip(symmetries.mlps(made.weights), inputs, strict=True):
        values = seen.double().numpy()
        _, vectors = np.linalg.eigh(values.T @ values)
        quiet = vectors[:, : round(QUIET_SHARE * vectors.shape[1])]
        for name in (gate, up):
            w = made.weights[name].astype(np.float64)
            noise = rng.standard_normal((w.shape[0], quiet.shape[1])) @ quiet.T
            scale = size * np.linalg.norm(w) / np.linalg.norm(noise)
            out[name] = (w + scale * noise).astype(made.weights[name].dtype)
    return replace(made, weights=out)


def _keep(change: Callable[[Arrays, Shape, np.random.Generator], Arrays]) -> Attack:
    return lambda made, rng: replace(made, weights=change(made.weights, made.shape, rng))


def _turned_values(w: Arrays, shape: Shape, rng: np.random.Generator) -> Arrays:
    turns = {
        i: np.stack(
            [symmetries.random_rotation(shape.head_dim, rng) for _ in range(shape.kv_heads)]
        )
        for i in range(shape.layers)
    }
    return symmetries.turn_values(w, shape, turns)


def _split(made: Made, rng: np.random.Generator) -> Made:
    weights = disguises.split_neurons(made.weights, rng)
    return Made(weights, replace(made.shape, neurons=3 * made.shape.neurons))


def _shuffled_alike(w: Arrays, shape: Shape, rng: np.random.Generator) -> Arrays:
    """Relabel the neurons of every layer by ONE permutation, channels and heads by their own."""
    order = rng.permutation(shape.neurons)
    out = symmetries.permute_channels(w, rng.permutation(shape.hidden))
    out = symmetries.permute_neurons(out, {gate: order for gate, _, _ in symmetries.mlps(w)})
    return symmetries.permute_heads(
        out, shape, {i: _head_order(shape, rng) for i in range(shape.layers)}
    )


def _head_order(shape: Shape, rng: np.random.Generator) -> symmetries.Index:
    shared = shape.heads // shape.kv_heads
    groups = rng.permutation(shape.kv_heads)
    return np.concatenate([g * shared + rng.permutation(shared) for g in groups])


UNUSED: Final = np.arange(LEARNED_TOKENS, recipe("base").shape.vocab)


def _fully(w: Arrays, shape: Shape, rng: np.random.Generator) -> Arrays:
    return disguises.disguise_fully(w, shape, rng, unused=UNUSED)


ALONE: Final[Mapping[str, Attack]] = {
    "nothing": lambda made, _: made,
    "channels relabelled": _keep(
        lambda w, s, r: symmetries.permute_channels(w, r.permutation(s.hidden))
    ),
    "channels' signs flipped": _keep(
        lambda w, s, r: symmetries.flip_channels(w, r.choice([-1.0, 1.0], s.hidden))
    ),
    "stream rotated, norms folded": _keep(
        lambda w, s, r: symmetries.rotate_channels(w, symmetries.random_rotation(s.hidden, r))
    ),
    "neurons relabelled": _keep(
        lambda w, _s, r: symmetries.permute_neurons(
            w, {g: r.permutation(w[g].shape[0]) for g, _, _ in symmetries.mlps(w)}
        )
    ),
    "neurons rescaled, signs flipped": _keep(lambda w, _s, r: disguises.rescale(w, r, flip=True)),
    "heads relabelled": _keep(
        lambda w, s, r: symmetries.permute_heads(
            w, s, {i: _head_order(s, r) for i in range(s.layers)}
        )
    ),
    "values turned inside heads": _keep(_turned_values),
    "unused rows reset": _keep(lambda w, _s, r: disguises.reset_rows(w, r, UNUSED)),
    "neurons split in three": _split,
}
TOGETHER: Final[Mapping[str, Attack]] = {
    "relabelled, rescaled, folded, rotated": _keep(disguises.disguise),
    "every symmetry, unused rows reset": _keep(_fully),
    "every symmetry, neurons split": lambda made, rng: _split(
        replace(made, weights=_fully(made.weights, made.shape, rng)), rng
    ),
}


def loss(made: Made, tokens: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> float:
    """Return the next-token loss in nats on fixed windows of held-out text."""
    starts = np.linspace(0, len(tokens) - WINDOW - 1, WINDOWS, dtype=np.int64)
    ids = torch.from_numpy(windows_at(tokens, starts, WINDOW))
    with torch.no_grad():
        weights = {
            n: torch.from_numpy(np.asarray(w, dtype=np.float32)) for n, w in made.weights.items()
        }
        scores = forward(weights, made.shape, ids[:, :-1])[0]
        return float(functional.cross_entropy(scores.flatten(0, 1), ids[:, 1:].flatten()))


def look(subject: Path, base: Path, depth: Depth, seed: int) -> Finding:
    """Check one attacked model against its base, which it declares."""
    request = Request(
        subject=LocalReference(path=subject, typed=str(subject)),
        bases=chosen_bases([str(base)], []),
        depth=depth,
        seed=seed,
        policy=parse_fail_on("none"),
        access=Access(max_read=BUDGETS[depth], token=None, endpoint=None),
        replay="",
        escalate_to=ESCALATE,
    )
    return check(request, now=lambda: datetime.now(UTC), progress=lambda _: None).report.findings[0]


def by_what(finding: Finding) -> str:
    """Return the tests that speak, strongest first."""
    best: dict[str, float] = {}
    for row in finding.evidence:
        strength = row.log10_e if row.kind.value == "exact" else -row.log10_p
        best[row.test] = max(best.get(row.test, 0.0), strength)
    return ", ".join(t for t, s in sorted(best.items(), key=lambda p: -p[1]) if s >= 2)[:60]


class Bench:
    """Writes attacked models and checks them."""

    def __init__(self, folder: Path) -> None:
        """Bind a folder for models."""
        self.folder = folder
        self.files = tokenizer_files(kept_tokenizer())
        self.tokens = encode(kept_tokenizer(), Text.MAIN).held_out
        self.ids = windows_at(
            self.tokens, np.linspace(0, len(self.tokens) - WINDOW - 1, 32, dtype=np.int64), WINDOW
        )[:, :-1]

    def write(self, name: str, made: Made) -> Path:
        """Write a model in bf16; return its folder."""
        path = self.folder / name.replace(" ", "-").replace(",", "").replace("'", "")
        write_model(
            path, made.weights, made.shape.config(), tokenizer_files=self.files, card=f"# {name}\n"
        )
        return path

    def row(self, copy: str, name: str, made: Made) -> dict[str, object]:
        """Check one attacked model at both depths."""
        path = self.write(f"{copy}-{name}", made)
        found = {depth: look(path, MODELS / "base", depth, 1) for depth in BUDGETS}
        return {
            "copy": copy,
            "attack": name,
            "loss": round(loss(made, self.tokens), 3),
            **{depth.value: f.verdict.value for depth, f in found.items()},
            "log10_p": round(found[Depth.DEEP].log10_p, 1),
            "by": by_what(found[Depth.DEEP]),
            "words": sentence(found[Depth.DEEP].disguise),
        }

    def attacks(self) -> list[dict[str, object]]:
        """Return a row for every attack on every copy, and for the forged match."""
        rows = []
        for copy in trained(COPIES):
            made = Made(read_weights(MODELS / copy), recipe("base").shape)
            for number, (name, attack) in enumerate({**ALONE, **TOGETHER}.items()):
                rows.append(self.row(copy, name, attack(made, np.random.default_rng(number))))
                print(json.dumps(rows[-1]), flush=True)
            rows += self._one_map(copy, made) + self._quiet(copy, made)
        rows.append(self._framed())
        return rows

    def _one_map(self, copy: str, made: Made) -> list[dict[str, object]]:
        """Shuffle every layer alike, flip signs and turn values, so that only the map is left."""
        rng = np.random.default_rng(99)
        w = _shuffled_alike(made.weights, made.shape, rng)
        w = _turned_values(disguises.rescale(w, rng, flip=True), made.shape, rng)
        w = disguises.reset_rows(w, rng, UNUSED)
        w = symmetries.rotate_channels(w, symmetries.random_rotation(made.shape.hidden, rng))
        row = self.row(copy, "every symmetry, one shuffle for all layers", replace(made, weights=w))
        print(json.dumps(row), flush=True)
        return [row]

    def _quiet(self, copy: str, made: Made) -> list[dict[str, object]]:
        """Noise where the stream is quiet: alone, with the full disguise, with splitting too."""
        rng = np.random.default_rng(77)
        noisy = quiet_noise(made, rng, inputs_of_mlps(MODELS / copy, self.ids))
        hidden = replace(noisy, weights=_fully(noisy.weights, noisy.shape, rng))
        rows = [
            self.row(copy, "noise in quiet directions", noisy),
            self.row(copy, "noise in quiet directions, every symmetry", hidden),
            self.row(copy, "noise, every symmetry, neurons split", _split(hidden, rng)),
        ]
        for row in rows:
            print(json.dumps(row), flush=True)
        return rows

    def _framed(self) -> dict[str, object]:
        shape = recipe("base").shape
        target = read_weights(MODELS / "base")
        forged = disguises.match_to(read_weights(MODELS / STRANGER), target, shape)
        row = self.row(STRANGER, "relabelled to match (framing)", Made(forged, shape))
        print(json.dumps(row), flush=True)
        return row

    def curves(self) -> list[dict[str, object]]:
        """Return where detection ends, undisguised and under the full disguise."""
        rows = []
        shape = recipe("base").shape
        base = read_weights(MODELS / "base")
        stranger = read_weights(MODELS / STRANGER)
        for what, sizes in (
            ("noise, in standard deviations", (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)),
            ("share of rows shuffled", (0.1, 0.3, 0.5, 0.7, 0.9, 0.97)),
            ("share kept of base, rest a stranger", (0.5, 0.3, 0.2, 0.15, 0.1, 0.05)),
        ):
            for size in sizes:
                rng = np.random.default_rng(5)
                if what.startswith("noise"):
                    w = alterations.add_noise(base, rng, size=size)
                elif what.startswith("share of rows"):
                    w = alterations.shuffle_rows(base, rng, share=size, place="spread")
                else:
                    w = alterations.blend([(base, size), (stranger, 1.0 - size)])
                made = Made(w, shape)
                hidden = Made(_fully(w, shape, rng), shape)
                rows.append(self._point(what, size, made, hidden))
                print(json.dumps(rows[-1]), flush=True)
        for name in trained(("finetune", "continued", "continued2")):
            made = Made(read_weights(MODELS / name), shape)
            hidden = Made(_fully(made.weights, shape, np.random.default_rng(5)), shape)
            rows.append(self._point("trained on", name, made, hidden))
            print(json.dumps(rows[-1]), flush=True)
        return rows

    def _point(self, what: str, size: object, made: Made, hidden: Made) -> dict[str, object]:
        plain = look(self.write("plain", made), MODELS / "base", Depth.SAMPLE, 1)
        under = look(self.write("hidden", hidden), MODELS / "base", Depth.DEEP, 1)
        scores = [
            p.params["score"]
            for r in under.evidence
            if r.test == "disguise"
            for p in r.note
            if "score" in p.params
        ]
        return {
            "what": what,
            "size": size,
            "loss": round(loss(made, self.tokens), 3),
            "plain": plain.verdict.value,
            "plain_log10_p": round(plain.log10_p, 1),
            "plain_kept": plain.kept,
            "disguised": under.verdict.value,
            "score": f"{scores[0]:.3f}" if scores else "",
        }


def attack_lines(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the table of attacks as docs/deep.md has it: copies behind a semicolon if they differ."""
    lines = ["| attack | loss | `sample` | `deep` | by |", "|---|---|---|---|---|"]
    for attack in dict.fromkeys(str(row["attack"]) for row in rows):
        own = [row for row in rows if row["attack"] == attack]
        losses = "; ".join(f"{row['loss']:.2f}" for row in own)
        cells = ["; ".join(dict.fromkeys(str(r[key]) for r in own)) for key in ("sample", "deep")]
        lines.append(f"| {attack} | {losses} | {' | '.join(cells)} | {own[0]['by']} |")
    return lines


def curve_lines(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the tables of where detection ends, one for each way."""
    lines = []
    for what in dict.fromkeys(str(row["what"]) for row in rows):
        lines += [
            f"**{what}**",
            "",
            "|  | loss | as it is, `sample` | kept | every symmetry randomised, `deep` | score |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {row['size']} | {row['loss']:.2f} | {row['plain']} | {row['plain_kept']:.2f} | "
            f"{row['disguised']} | {row['score']} |"
            for row in rows
            if row["what"] == what
        ]
        lines.append("")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Make, check, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zoo.attacks", description=__doc__)
    parser.add_argument("--curves", action="store_true")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        rows = bench.curves() if chosen.curves else bench.attacks()
    print("\n".join(curve_lines(rows) if chosen.curves else attack_lines(rows)))
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
