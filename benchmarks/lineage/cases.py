"""Which models with one known relation to their base does the benchmark ask about?

They come from ``benchmarks.zoo.relation_cases``, as far as the zoo has not the like already: merged
adapters, quantisation, sparse updates, and merges by the usual rules with decoys beside the
parents. Merges are made from models as they are published, in bfloat16: those are written too.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

import numpy as np

from benchmarks.lineage.relations import FOLDER
from benchmarks.zoo.relation_cases import CASES, MERGES, SHAPE, Case, MergeCase, published, trained
from tests.material.zoo.folder import Dtype, write_model

ASKED: Final = (
    *("int8", "int4", "nf4", "int4 with error feedback"),
    *("adapter rank 1", "adapter rank 16", "adapter rank 8, very small", "learned adapter rank 8"),
    *("learned adapter rank 16, q and v", "abliterated", "sparse update 5 %"),
    *("sparse update 30 %", "light update", "pruned to zeros, half", "fine-tune, a tenth of it"),
)
MERGED: Final = (
    *("linear, two fine-tunes", "linear, two fine-tunes, decoys", "linear, three fine-tunes"),
    *("linear, base and stranger", "SLERP, base and continued2", "SLERP, two fine-tunes"),
    *("TIES, density .3", "DARE, drop .5", "DARE, drop .9", "whole layers of two"),
)


def slug(prefix: str, name: str) -> str:
    """Return the folder of a case.

    >>> slug("case", "sparse update 5 %")
    'lineage/case-sparse-update-5'
    """
    kept = "".join(c if c.isalnum() else " " for c in name.lower())
    return f"{FOLDER}/{prefix}-{'-'.join(kept.split())}"


def names() -> list[str]:
    """Return every folder that ``write`` makes, materials left out."""
    cases = [slug("case", case.name) for case in CASES if case.name in ASKED]
    return [*cases, *(slug("merge", merge.name) for merge in MERGES if merge.name in MERGED)]


def write(files: Mapping[str, str], models: Path) -> list[str]:
    """Write what is not there yet and return its names.

    Args:
        files: Tokenizer files by name.
        models: The folder of the zoo.

    Raises:
        FileNotFoundError: a model that a case is made from is not trained yet.
    """
    written = []
    for case in CASES:
        if case.name in ASKED and not _there(models, slug("case", case.name)):
            _write_case(case, files, models)
            written.append(slug("case", case.name))
    for merge in MERGES:
        if merge.name in MERGED and not _there(models, slug("merge", merge.name)):
            for base in merge.bases:
                if not _there(models, material(base)):
                    _write_material(base, files, models)
            _write_merge(merge, files, models)
            written.append(slug("merge", merge.name))
    return written


def material(base: str) -> str:
    """Return the model that stands for a base as published.

    >>> material("base"), material("relations/tuned-a")
    ('copy-bf16', 'lineage/published-tuned-a')
    """
    # the zoo holds base in bfloat16 already
    return "copy-bf16" if base == "base" else slug("published", base.rpartition("/")[2])


def _there(models: Path, name: str) -> bool:
    return (models / name / "derived.json").exists()


def _rng(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


def _write_case(case: Case, files: Mapping[str, str], models: Path) -> None:
    plain = case.base_dtype == "F32"
    weights = case.make(trained(case.base) if plain else published(case.base), _rng(case.name))
    facts = {
        "meaning": case.name,
        "parents": [case.base if plain else material(case.base)],
        "relation": case.kind,
    }
    name = slug("case", case.name)
    _write(name, weights, facts, files, models, dtype=cast("Dtype", case.subject_dtype))


def _write_merge(merge: MergeCase, files: Mapping[str, str], models: Path) -> None:
    weights = merge.make({base: published(base) for base in merge.bases}, _rng(merge.name))
    shares = merge.truth or {}
    facts = {
        "meaning": merge.name,
        "parents": [material(member) for member in merge.members],
        "relation": "merge",
        "named": [material(base) for base in merge.bases],
        "shares": {material(base): share for base, share in shares.items()},
    }
    _write(slug("merge", merge.name), weights, facts, files, models)


def _write_material(base: str, files: Mapping[str, str], models: Path) -> None:
    facts = {"meaning": f"{base} as published, bfloat16", "parents": [base], "material": True}
    _write(material(base), published(base), facts, files, models)


def _write(
    name: str,
    weights: Mapping[str, np.ndarray],
    facts: Mapping[str, object],
    files: Mapping[str, str],
    models: Path,
    dtype: Dtype = "BF16",
) -> None:
    folder = models / name
    write_model(
        folder,
        dict(weights),
        SHAPE.config(),
        tokenizer_files=files,
        card=f"# {name}\n",
        dtype=dtype,
    )
    (folder / "derived.json").write_text(json.dumps({"name": name, **facts}, indent=2) + "\n")
