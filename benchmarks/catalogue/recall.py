"""Does the catalogue rank the true base first, among models that were really trained?

``python -m benchmarks.catalogue.recall DECOYS OUT`` takes the models of ``decoys``, makes
descendants of some in every way of the zoo, sketches all, and asks for each descendant which of the
decoys is nearest. Beside them stand two million simulated strangers, whose z is drawn from a normal
law as wide as the greatest of the trained pairs asks for. ``OUT`` gets the figures as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import log, sqrt
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.catalogue.decoys import corpora_of
from hubcheck.catalogue.calibration import stands_out
from hubcheck.catalogue.index import frames
from hubcheck.catalogue.sketch import N_SLOTS, Sketch, sketch_of
from hubcheck.model import Access, open_model
from hubcheck.source.reference import LocalReference
from tests.material.zoo import alterations, disguises, symmetries
from tests.material.zoo.corpus import Text
from tests.material.zoo.folder import read_weights, write_model
from tests.material.zoo.learn import Learner, draw, learning_rate
from tests.material.zoo.model import Shape, Weights
from tests.material.zoo.planted import DERIVATIONS, Material, Product

ACCESS: Final = Access(max_read=10**9, token=None, endpoint=None)
TUNED, LONG = 60, 300
"""Steps of a fine-tune and of a long training on the other text; a decoy had 120 in all."""
SIMULATED: Final = 2_000_000
KNOWN: Final = {d.name: d.make for d in DERIVATIONS}
UNUSED: Final = 24
"""Reserved rows at the end of a vocabulary."""

Make = Callable[[Material], Product]


def _of(change: Callable[[Material], Weights]) -> Make:
    return lambda m: Product(weights=change(m), shape=m.shape, files=m.files)


def _sized(change: Callable[[Material], tuple[Weights, Shape]]) -> Make:
    def make(m: Material) -> Product:
        weights, shape = change(m)
        return Product(weights=weights, shape=shape, files=m.files)

    return make


def _fully(m: Material) -> Weights:
    unused = np.arange(m.shape.vocab - UNUSED, m.shape.vocab)
    return disguises.disguise_fully(m.parents[0], m.shape, m.rng, unused=unused)


def _noisy(m: Material) -> Material:
    """Return parents that keep 0.71 of themselves."""
    return replace(m, parents=(alterations.add_noise(m.parents[0], m.rng, size=1.0),))


def _merged(m: Material) -> Weights:
    return alterations.blend(((m.parents[0], 0.6), (m.parents[1], 0.4)))


def _layers(m: Material) -> tuple[int, ...]:
    every = tuple(range(m.shape.layers))
    return (*every[:-1], *every[1:])


PLAIN: Final[Mapping[str, Make]] = {
    **{
        name: KNOWN[name]
        for name in (
            "copy-f16", "copy-f8", "resharded", "adapter-random", "int4", "noise-tenth",
            "rebuilt-embeddings", "split-neurons", "reordered", "extended",
        )
    },
    "pruned-neurons": _sized(
        lambda m: alterations.prune_neurons(m.parents[0], m.shape, keep=3 * m.shape.neurons // 4)
    ),
    "dropped-layer": _sized(
        lambda m: alterations.choose_layers(
            m.parents[0], m.shape, (0, *range(2, m.shape.layers))
        )
    ),
    "up-scaled": _sized(lambda m: alterations.choose_layers(m.parents[0], m.shape, _layers(m))),
    "merge": _of(_merged),
}  # fmt: skip
HIDDEN: Final[Mapping[str, Make]] = {
    "relabelled": KNOWN["relabelled"],
    "folded": KNOWN["folded"],
    "rotated": KNOWN["rotated"],
    "disguised": KNOWN["disguised-base"],
    "disguised fully": _of(_fully),
    "rotated, kept 0.7": lambda m: _of(
        lambda x: symmetries.rotate_channels(
            x.parents[0], symmetries.random_rotation(x.shape.hidden, x.rng)
        )
    )(_noisy(m)),
    "disguised fully, kept 0.7": lambda m: _of(_fully)(_noisy(m)),
    "pruned channels": _sized(
        lambda m: alterations.prune_channels(m.parents[0], m.shape, keep=4 * m.shape.hidden // 5)
    ),
}
TRAINED: Final = {"fine-tuned": TUNED, "long training": LONG}


def shape_of(folder: Path) -> Shape:
    """Return the sizes of a model."""
    config = json.loads((folder / "config.json").read_bytes())
    return Shape(
        vocab=config["vocab_size"],
        hidden=config["hidden_size"],
        neurons=config["intermediate_size"],
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        kv_heads=config["num_key_value_heads"],
        head_dim=config["head_dim"],
    )


def material(folder: Path, other: Path, name: str) -> Material:
    """Return what a descendant of a decoy is made from; ``other`` is of its cohort."""
    files = {n: (folder / n).read_text() for n in ("tokenizer.json", "tokenizer_config.json")}
    return Material(
        parents=(dict(read_weights(folder)), dict(read_weights(other))),
        shape=shape_of(folder),
        files=files,
        rng=np.random.default_rng(zlib.crc32(f"{folder.name} {name}".encode())),
    )


def trained_on(m: Material, decoys: Path, tokenizer: int, steps: int) -> Product:
    """Return the first parent after more steps on the text it has seen less of."""
    corpus = corpora_of(tokenizer, decoys)[Text.OTHER]
    learner = Learner(m.parents[0], m.shape)
    while learner.step < steps:
        windows = draw(corpus.train, 7, learner.step, batch=4, window=64)
        learner.learn(windows, learning_rate(learner.step, steps, 3e-3))
    return Product(weights=learner.arrays(), shape=m.shape, files=m.files)


def descendants(decoys: Path, folder: Path, other: Path) -> Iterator[tuple[str, bool, Product]]:
    """Yield the name of each way, whether it hides the base, and what it makes."""
    config = json.loads((folder / "config.json").read_bytes())
    facts = json.loads((folder / "training.json").read_bytes())
    plain = config["hidden_act"] == "silu" and not config["tie_word_embeddings"]
    for name, steps in TRAINED.items() if plain else ():  # the learner knows these alone
        yield (
            name,
            False,
            trained_on(material(folder, other, name), decoys, facts["tokenizer"], steps),
        )
    for hides, ways in ((False, PLAIN), (True, HIDDEN)):
        for name, make in ways.items():
            if not plain and name not in {"copy-f16", "int4", "noise-tenth", "merge", "resharded"}:
                continue  # the zoo's symmetries take a head of its own for granted
            yield name, hides, make(material(folder, other, name))


def sketch_in(folder: Path) -> Sketch:
    """Return the sketch of a folder."""
    return sketch_of(open_model(LocalReference(path=folder, typed=folder.name), ACCESS))


def sketch_product(product: Product, config: Mapping[str, Any], place: Path) -> Sketch:
    """Write a descendant and return its sketch."""
    write_model(
        place,
        product.weights,
        {**config, **product.shape.config(), **product.extra, "hidden_act": config["hidden_act"]},
        tokenizer_files=product.files,
        card="# A model\n",
        dtype=product.dtype,
        shards=product.shards,
        shard_name=product.shard_name,
        order=product.order,
    )
    return sketch_in(place)


def columns_of(
    sketches: Sequence[Sketch],
) -> tuple[list[NDArray[np.uint8]], NDArray[np.uint32]]:
    """Return the bits of sketches slot by slot, and which slots each has, as an index holds them."""
    bits = [np.stack([one.slots[s] for one in sketches]) for s in range(N_SLOTS)]
    return bits, np.array([one.present for one in sketches], dtype=np.uint32)


def null_of(sketches: list[Sketch], names: list[str]) -> dict[str, Any]:
    """Return what z does between decoys."""
    bits, present = columns_of(sketches)
    found = [frames(one, bits, present) for one in sketches]
    below = np.tril_indices(len(sketches), -1)
    channels, tokens = (np.stack([f[i] for f in found])[below] for i in (0, 1))
    best = np.maximum(channels, tokens)
    top = int(best.argmax())
    return {
        "models": len(sketches),
        "pairs": len(best),
        "channels": [float(channels.mean()), float(channels.std()), float(channels.max())],
        "tokens": [float(tokens.mean()), float(tokens.std()), float(tokens.max())],
        "greatest": float(best.max()),
        "between": [names[below[0][top]], names[below[1][top]]],
    }


def main() -> int:
    """Measure, print a line a way, write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue.recall")
    parser.add_argument("decoys", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--parents", type=int, default=16, help="decoys that get descendants")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    folders = sorted(p.parent for p in asked.decoys.glob("*/training.json"))
    names = [f.name for f in folders]
    sketches = [sketch_in(f) for f in folders]
    null = null_of(sketches, names)
    wide = null["greatest"] / sqrt(2 * log(null["pairs"]))
    rng = np.random.default_rng(0)
    simulated = float(np.maximum(*(wide * rng.standard_normal(SIMULATED) for _ in "CT")).max())
    bits, present = columns_of(sketches)
    rows: dict[str, list[dict[str, Any]]] = {}
    step = max(1, len(folders) // asked.parents)
    with tempfile.TemporaryDirectory() as made:
        for own in range(0, len(folders), step):
            other = own + 1 if own % 8 < 7 else own - 1
            config = json.loads((folders[own] / "config.json").read_bytes())
            ways = descendants(asked.decoys, folders[own], folders[other])
            for count, (way, hides, product) in enumerate(ways):
                sketch = sketch_product(product, config, Path(made) / f"{own}-{count}")
                z = np.maximum(*frames(sketch, bits, present))
                ahead = int((z > z[own]).sum())
                rows.setdefault(way, []).append(
                    {
                        "parent": names[own],
                        "hides": hides,
                        "first": ahead == 0 and bool(z[own] > simulated),
                        "z": float(z[own]),
                        "next": float(np.delete(z, own).max()),
                        "second": int((z > z[other]).sum()) + 1 if way == "merge" else 0,
                    }
                )
            sys.stderr.write(f"{names[own]} done\n")
    figures = {
        "null": null,
        "simulated": SIMULATED,
        "greatest simulated": simulated,
        "stands out of 2 M": stands_out(SIMULATED),
        "ways": rows,
    }
    asked.out.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(table(figures))
    return 0


def table(figures: Mapping[str, Any]) -> str:
    """Return the figures as a table."""
    null = figures["null"]
    greatest = f"greatest z {null['greatest']:.1f}"
    simulated = f"of {figures['simulated']:,} simulated {figures['greatest simulated']:.1f}"
    lines = [
        f"{null['models']} decoys, {null['pairs']} pairs: {greatest}; {simulated}",
        "",
        "| way | descendants | base first | smallest z | greatest z of another |",
        "|---|---|---|---|---|",
    ]
    total = {False: [0, 0], True: [0, 0]}
    for way, found in figures["ways"].items():
        first = sum(r["first"] for r in found)
        total[found[0]["hides"]][0] += first
        total[found[0]["hides"]][1] += len(found)
        smallest, second = min(r["z"] for r in found), max(r["next"] for r in found)
        more = ""
        if way == "merge":
            second = 0.0
            more = f" (the other parent in the first 8: {sum(r['second'] <= 8 for r in found)})"
        beside = f"{second:.1f}" if second else "the other parent"
        lines.append(f"| {way} | {len(found)} | {first}{more} | {smallest:.1f} | {beside} |")
    for hides, (first, of) in total.items():
        lines.append(f"| all {'hidden' if hides else 'plain'} | {of} | {first} | | |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
