"""How are the planted derivatives written?

``python -m benchmarks.zoo.derive [NAME]...`` writes the named derivatives, or all, beside the
trained models as ``benchmarks/zoo/models/NAME``; ``derived.json`` in each says what was done.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.zoo.train import MODELS, kept_tokenizer
from tests.material.zoo.corpus import tokenizer_files
from tests.material.zoo.folder import read_weights, write_model
from tests.material.zoo.planted import DERIVATIONS, Derivation, Material, Product
from tests.material.zoo.recipes import recipe


def derive(wanted: Derivation, files: Mapping[str, str], models: Path = MODELS) -> Product:
    """Make one derivative from the trained models in ``models``; the seed is its name's checksum.

    Raises:
        FileNotFoundError: A parent is not trained yet.
    """
    parents = tuple(dict(read_weights(models / p)) for p in wanted.parents)
    rng = np.random.default_rng(zlib.crc32(wanted.name.encode()))
    shape = recipe(wanted.parents[0]).shape
    return wanted.make(Material(parents=parents, shape=shape, files=files, rng=rng))


def write(wanted: Derivation, product: Product, models: Path = MODELS) -> None:
    """Write a derivative's folder and its ``derived.json``."""
    folder = models / wanted.name
    write_model(
        folder,
        product.weights,
        {**product.shape.config(), **product.extra},
        tokenizer_files=product.files,
        card=f"# {wanted.name}\n\n{wanted.meaning}\n",
        dtype=product.dtype,
        shards=product.shards,
        shard_name=product.shard_name,
        order=product.order,
    )
    facts = {
        "name": wanted.name,
        "meaning": wanted.meaning,
        "parents": wanted.parents,
        "function_kept": wanted.preserves,
    }
    (folder / "derived.json").write_text(json.dumps(facts, indent=2) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Write the derivatives named on the command line, or all; return the exit code."""
    known = {d.name: d for d in DERIVATIONS}
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zoo.derive", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of: " + ", ".join(known))
    chosen = parser.parse_args(arguments)
    unknown = sorted(set(chosen.names) - set(known))
    if unknown:
        parser.error(f"no derivative {', '.join(unknown)}; known are {', '.join(known)}")
    files = tokenizer_files(kept_tokenizer())
    missing = 0
    for name in chosen.names or known:
        try:
            write(known[name], derive(known[name], files))
        except FileNotFoundError as error:
            missing += 1
            sys.stderr.write(f"{name} left out: {error}\n")
        else:
            sys.stdout.write(f"{name}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
