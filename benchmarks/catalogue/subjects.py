"""Are seven hard subjects, and forged entries, told right by the whole of a check?

``python -m benchmarks.catalogue.subjects DECOYS`` builds a catalogue of the models of ``decoys``,
adds forged ones (a stranger into which a victim's anchor rows, keys and values were pasted, and one
relabelled to resemble it), and checks seven descendants of the victim with
``--suspect catalogue``: none of them declares anything.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch

from benchmarks.catalogue.recall import HIDDEN, PLAIN, material, trained_on
from hubcheck.catalogue.build import Workers, build, latest, open_index
from hubcheck.catalogue.sketching import row_of
from hubcheck.check.concluded import conclude_check
from hubcheck.cli.catalogue_build import Opening
from hubcheck.request.build import Means, build_request
from hubcheck.request.options import CATALOGUE, Options
from tests.material.zoo import disguises
from tests.material.zoo.folder import write_model
from tests.material.zoo.planted import Material, Product

STEPS: Final = 300
NAMES: Final = (
    "rotated",
    "disguised fully",
    "pruned channels",
    "rebuilt-embeddings",
    "up-scaled",
    "merge",
)


def pasted(m: Material) -> Product:
    """Return a stranger that wears what a sketch reads of a victim."""
    victim, junk = m.parents
    read = ("embed_tokens", "k_proj", "v_proj", "input_layernorm")
    worn = {n: victim[n] if any(word in n for word in read) else v for n, v in junk.items()}
    return Product(weights=worn, shape=m.shape, files=m.files)


def framed(m: Material) -> Product:
    """Return a stranger relabelled to resemble a victim."""
    weights = disguises.match_to(m.parents[1], m.parents[0], m.shape)
    return Product(weights=weights, shape=m.shape, files=m.files)


def put(product: Product, like: Path, place: Path) -> None:
    """Write a model with the configuration of another."""
    config: dict[str, Any] = json.loads((like / "config.json").read_bytes())
    act = config["hidden_act"]
    write_model(
        place,
        product.weights,
        {**config, **product.shape.config(), **product.extra, "hidden_act": act},
        tokenizer_files=product.files,
        card="# A model\n",
        dtype=product.dtype,
        shards=product.shards,
        shard_name=product.shard_name,
        order=product.order,
    )


def told(subject: Path, catalogue: Path, victim: str) -> Mapping[str, Any]:
    """Return what a check says of a subject."""
    options = Options(subject=str(subject), suspects=(CATALOGUE,), catalogue=str(catalogue), seed=1)
    outcome = conclude_check(
        build_request(options, Means()), now=lambda: datetime.now(UTC), progress=lambda _: None
    )
    report = outcome.report
    matches = {
        Path(f.base.ref).name: f.verdict.value
        + (f" ({f.relation.kind.value})" if f.relation else "")
        for f in report.findings
    }
    asked = report.search.catalogue
    return {
        "verdict": report.verdict.value,
        "victim": matches.get(victim, "not tested"),
        "others": {n: v for n, v in matches.items() if n != victim},
        "first": asked.families[0].family if asked else "",
        "z": asked.families[0].z if asked else 0.0,
    }


def main() -> int:
    """Build, forge, check, print JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue.subjects")
    parser.add_argument("decoys", type=Path)
    parser.add_argument("--victim", default="decoy-11-0")
    decoys, name = (given := parser.parse_args()).decoys, given.victim
    torch.set_num_threads(1)
    catalogue = decoys / "catalogue"
    shutil.rmtree(catalogue, ignore_errors=True)
    opening = Opening(top=decoys.resolve(), closed=False)
    work = Workers(sketch=partial(row_of, open_it=opening), match=opening.match)
    victim, other = decoys / name, decoys / f"{name[:-1]}1"
    forged = {"forged-pasted": pasted, "forged-framed": framed}
    for called, make in forged.items():
        put(make(material(victim, other, called)), victim, decoys / called)
    listed = [f"./{p.parent.name}" for p in sorted(decoys.glob("decoy-*/training.json"))]
    figures: dict[str, Any] = {}
    for step, names in (("decoys", listed), ("forged", [f"./{n}" for n in forged])):
        built = build(names, catalogue, work, now="2026-11-30", progress=lambda *_: None)
        figures[step] = {
            "roots": built.roots, "members": built.members, "quarantined": built.quarantined,
            "failed": len(built.failures),
        }  # fmt: skip
    index = open_index(catalogue)
    every = latest(index.entries()) if index else []
    figures["entries"] = {e.ref: e.standing.value for e in every if "forged" in e.ref}
    facts = json.loads((victim / "training.json").read_bytes())
    with tempfile.TemporaryDirectory() as made:
        for way in ("long training", *NAMES):
            m = material(victim, other, way)
            if way == "long training":
                product = trained_on(m, decoys, facts["tokenizer"], STEPS)
            else:
                product = {**PLAIN, **HIDDEN}[way](m)
            place = Path(made) / way.replace(" ", "-")
            put(replace(product), victim, place)
            figures[way] = told(place, catalogue, name)
            sys.stderr.write(f"{way}: {figures[way]}\n")
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
