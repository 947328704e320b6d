"""How often does the closer look at layers, width and experts err, and what does it cost?

``nulls``: every ordered pair of independent trained models, laid out as if one had been rearranged
from the other; ``simulate``: the increasing-run bound on random sequences; ``speed``: the layer map
of a 7 B or 70 B shape with random rows.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import exp
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time
from typing import Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy loads: pairs are small

import numpy as np

from benchmarks.zoo.train import MODELS
from hubcheck.card.wording import words
from hubcheck.check.observe import comparer_of
from hubcheck.checkpoint.interface import RowBlock
from hubcheck.devices.team import ALONE, Team
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.expert_map.run import experts_of
from hubcheck.evidence.looks.layer_map.interface import LayerMap
from hubcheck.evidence.looks.layer_map.run import map_layers
from hubcheck.evidence.looks.layer_map.wording import said_of_map
from hubcheck.evidence.looks.sample.compare import Comparer
from hubcheck.evidence.looks.width.run import width_of
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.evidence.refused import Refused
from hubcheck.evidence.side import Side
from hubcheck.model import Access, open_model
from hubcheck.source.ledger import Purpose
from hubcheck.source.reference import parse_reference
from hubcheck.statistics.hits import LOG10
from hubcheck.statistics.increasing import log_e_increasing, longest_increasing
from tests.material.zoo.alterations import choose_layers, prune_channels, prune_neurons
from tests.material.zoo.deep_copies import extract_expert, prune_sorted, slice_into_experts
from tests.material.zoo.folder import read_weights, write_model
from tests.material.zoo.model import Shape, names_and_shapes
from tests.material.zoo.symmetries import Arrays

INDEPENDENT: Final = ("base", "twin", *(f"ind{n}" for n in range(2, 10)))
MIXTURES: Final = ("moe", "moe-twin")
DENSE: Final = Shape()
MIXTURE: Final = Shape(neurons=96, experts=8)
NOTABLE: Final = 3.0
"""log10 of the e-value that counts as a false positive here: 1 in 1,000."""
Change = Callable[[Arrays], tuple[Arrays, Shape]]
CHANGES: Final[Mapping[str, Change]] = {
    "as it is": lambda w: (w, DENSE),
    "layers repeated": lambda w: choose_layers(w, DENSE, (0, 1, 2, 1, 2, 3)),
    "layers dropped": lambda w: choose_layers(w, DENSE, (0, 3)),
    "neurons pruned": lambda w: prune_neurons(w, DENSE, keep=192),
    "neurons sorted": lambda w: prune_sorted(w, DENSE, keep=128),
    "channels pruned": lambda w: prune_channels(w, DENSE, keep=80),
    "cut into experts": lambda w: slice_into_experts(w, DENSE, 4),
}


def comparer(base: Path, subject: Path, seed: int) -> Comparer:
    """Open two models and set their sides up; nothing is read but headers."""
    access = Access(max_read=1 << 40, token=None, endpoint=None)
    ours, theirs = (open_model(parse_reference(str(p)), access) for p in (subject, base))
    return comparer_of(theirs, ours, seed=seed, tried=1)


def looks(base: Path, subject: Path, seed: int) -> dict[str, float]:
    """Return log10 E of every closer look at one pair, and the largest for a single layer."""
    pair = comparer(base, subject, seed)
    sides = (pair.base, pair.subject, pair.draw)
    found: dict[str, float] = {}
    mapped = map_layers(*sides)
    if isinstance(mapped, LayerMap):
        found["map"] = mapped.log_e / LOG10
        found["one layer"] = max(-o.log10_p for o in mapped.origins)
        found["layers found"] = float(len(mapped.base_of))
    layers = min(s.anatomy.geometry.layers for s in (pair.base, pair.subject))
    straight = {n: n for n in range(layers)}
    width = width_of(*sides, straight)
    if not isinstance(width, Refused):
        for axis in (width.neurons, width.channels):
            if axis is not None and axis.rows:
                found[axis.axis] = axis.log_e / LOG10
    experts = experts_of(*sides, straight)
    if not isinstance(experts, Refused):
        found["experts"] = experts.log_e / LOG10
    return found


def nulls(models: Path, seeds: Sequence[int]) -> dict[str, object]:
    """Hold every independent model against every other, as it is and rearranged."""
    counts: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as room:
        for base, subject in _null_pairs(models, Path(room)):
            for seed in seeds:
                for name, log10_e in looks(base, subject, seed).items():
                    counts.setdefault(name, []).append(log10_e)
    return {
        name: {
            "looks": len(values),
            "largest": round(max(values), 2),
            "at or above 1e3": sum(v >= NOTABLE for v in values),
            "mean E": round(float(np.mean(10.0 ** np.minimum(values, 300.0))), 3),
        }
        for name, values in counts.items()
    }


def _null_pairs(models: Path, room: Path) -> Iterable[tuple[Path, Path]]:
    """Yield (base, rearranged stranger) over every change; mixtures and what is made of them."""
    for subject in (n for n in INDEPENDENT if (models / n / "config.json").exists()):
        weights = read_weights(models / subject)
        for name, change in CHANGES.items():
            folder = _written(room / f"{subject} {name}", *change(weights), models)
            for base in INDEPENDENT:
                if base != subject and (models / base / "config.json").exists():
                    yield models / base, folder
    for subject, base in (MIXTURES, MIXTURES[::-1]):
        made = extract_expert(read_weights(models / subject), MIXTURE, 3)
        yield models / base, models / subject
        yield models / base, _written(room / f"{subject} extracted", *made, models)
        yield from ((models / dense, models / subject) for dense in INDEPENDENT)


def _written(folder: Path, weights: Arrays, shape: Shape, models: Path) -> Path:
    names = ("tokenizer.json", "tokenizer_config.json")
    files = {n: (models / "base" / n).read_text() for n in names}
    write_model(folder, weights, shape.config(), tokenizer_files=files, card="", dtype="F32")
    return folder


def simulate(draws: int, seed: int = 0) -> list[dict[str, float]]:
    """Draw random matches, with and without collisions, and average the run's e-value."""
    rng = np.random.default_rng(seed)
    rows = []
    for units, pool in ((16, 16), (64, 64), (64, 256), (128, 11008)):
        values = []
        for _ in range(draws):
            # the match is any fixed map; relabelling the base permutes its values
            partners = rng.integers(0, pool, size=units)
            values.append(
                exp(
                    log_e_increasing(
                        longest_increasing(rng.permutation(pool)[partners].tolist()), units
                    )
                )
            )
        rows.append(
            {
                "units": units,
                "pool": pool,
                "mean E": float(np.mean(values)),
                "largest E": float(np.max(values)),
            }
        )
    return rows


# -- the 7 B shape -----------------------------------------------------------------------------


SHAPES: Final = {
    "7B": Shape(
        vocab=32000, hidden=4096, neurons=11008, layers=32, heads=32, kv_heads=8, head_dim=128
    ),
    "70B": Shape(
        vocab=32000, hidden=8192, neurons=28672, layers=80, heads=64, kv_heads=8, head_dim=128
    ),
}


class RandomReader(Reader):
    """Reads rows that are drawn on demand: each row a function of its tensor's name and index."""

    def __init__(self, reader: Reader, sources: Mapping[int, int], noise: float) -> None:
        """Stand in for a reader.

        Args:
            reader: Of a file of the right shapes without content.
            sources: Layer to the layer whose rows it holds.
            noise: Standard deviation of what is added, relative to the rows.
        """
        super().__init__(reader.anatomy)
        self._sources, self._noise = sources, noise

    def fetch(self, wanted: Iterable[Wanted], team: Team = ALONE) -> None:  # noqa: ARG002
        """Draw what is missing, and charge its bytes; each process draws for itself."""
        missing = [one for one in dict.fromkeys(wanted) if one not in self._blocks]
        self.anatomy.checkpoint.source.ledger.charge(
            self.size(missing), Purpose.WEIGHTS, requests=len(missing)
        )
        for one in missing:
            self._blocks[one] = one.canonical([self._drawn(b) for b in one.stored_blocks()])

    def _drawn(self, block: RowBlock) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        parts = block.tensor.split(".")
        layer = next((int(p) for p in parts if p.isdigit()), -1)
        source = [str(self._sources[layer]) if p.isdigit() else p for p in parts]
        record = self.anatomy.checkpoint.tensors[block.tensor]
        key, own = zlib.crc32(".".join(source).encode()), zlib.crc32(block.tensor.encode())
        size = (block.stop - block.start, record.n_cols)
        rows = np.random.default_rng([key, block.start]).standard_normal(size, dtype=np.float32)
        extra = np.random.default_rng([own, 1]).standard_normal(size, dtype=np.float32)
        return rows + np.float32(self._noise) * extra


def speed(room: Path, shape: Shape) -> dict[str, object]:
    """Map a model of random rows onto one with layers dropped and repeated, twice as noisy."""
    tensors = names_and_shapes(shape)
    header: dict[str, object] = {}
    at = 0
    for name, size in tensors.items():
        n_bytes = 2 * int(np.prod(size))
        header[name] = {"dtype": "BF16", "shape": list(size), "data_offsets": [at, at + n_bytes]}
        at += n_bytes
    text = json.dumps(header).encode()
    with (room / "model.safetensors").open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + at)  # a hole: no content is ever read
    (room / "config.json").write_text(json.dumps(shape.config()))
    n = shape.layers
    sources = [*range(5 * n // 8), *range(n // 4, 5 * n // 8)]
    readers = []
    for layers, noise in (({i: i for i in range(n)}, 0.0), (dict(enumerate(sources)), 1.0)):
        access = Access(max_read=1 << 40, token=None, endpoint=None)
        model = open_model(parse_reference(str(room)), access)
        readers.append(RandomReader(model.reader, layers, noise))
    draw = Draw(1)
    ids = draw.tokens(shape.vocab, shape.hidden)
    base, subject = (Side(reader, ids) for reader in readers)
    start, used = perf_counter(), process_time()
    found = map_layers(base, subject, draw)
    seconds, used = perf_counter() - start, process_time() - used
    assert isinstance(found, LayerMap)
    return {
        "seconds": round(seconds, 2),
        "processor_seconds": round(used, 2),
        "bytes_base": found.bytes_base,
        "bytes_subject": found.bytes_subject,
        "right": found.base_of == dict(enumerate(sources)),
        "words": [words(one) for one in said_of_map(found)],
        "peak_MB": getrusage(RUSAGE_SELF).ru_maxrss // 1024,
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["nulls", "simulate", "speed"])
    parser.add_argument("--seeds", type=int, default=1, help="draws per pair")
    parser.add_argument("--draws", type=int, default=20000)
    parser.add_argument("--shape", choices=SHAPES, default="7B")
    parser.add_argument("--models", type=Path, default=MODELS)
    options = parser.parse_args(arguments)
    if options.what == "nulls":
        figures: object = nulls(options.models, range(1, options.seeds + 1))
    elif options.what == "simulate":
        figures = simulate(options.draws)
    else:
        with tempfile.TemporaryDirectory() as room:
            figures = speed(Path(room), SHAPES[options.shape])
    print(json.dumps(figures, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
