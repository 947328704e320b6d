"""How does a test make a model folder and check it, in one process and in a moment?

Raw material are the shipped demo models (really trained) and the transforms of ``tests.material.zoo``;
the check is the one the command line runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file

from hubcheck.check.observe import comparer_of
from hubcheck.check.run import Outcome, check
from hubcheck.demo.run import MODELS
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.model import Access, open_model
from hubcheck.report.schema import Finding, Report
from hubcheck.report.words import Depth
from hubcheck.request.bases import chosen_bases
from hubcheck.request.interface import Request
from hubcheck.source.reference import parse_reference
from hubcheck.verdict.policy import parse_fail_on
from tests.material.zoo.folder import Dtype, write_model
from tests.material.zoo.model import Shape
from tests.material.zoo.planted import DERIVATIONS, Derivation, Material, Product

Weights = dict[str, NDArray[np.float32]]
SHAPE: Final = Shape()
"""Of every shipped model but ``upscaled``."""
NAMES: Final = ("base", "twin", "finetune", "continued", "disguised", "upscaled")
BUDGET: Final = 64_000_000
TOKENIZER_FILES: Final = ("tokenizer.json", "tokenizer_config.json")


@cache
def tokenizer() -> Mapping[str, str]:
    """Return the tokenizer files that all shipped models share."""
    return {name: (MODELS / "base" / name).read_text() for name in TOKENIZER_FILES}


def weights_of(folder: Path) -> Weights:
    """Return the weights of a model in one file as float32."""
    stored = load_file(folder / "model.safetensors")
    return {n: tensor.float().numpy() for n, tensor in stored.items()}


@cache
def _shipped(name: str) -> Weights:
    return weights_of(MODELS / name)


def shipped(name: str) -> Weights:
    """Return the weights of a shipped model as float32; the caller may change its copy."""
    return {n: w.copy() for n, w in _shipped(name).items()}


def material(*parents: str, seed: int = 0) -> Material:
    """Return what a derivation of the zoo needs, made of shipped models."""
    return Material(
        parents=tuple(shipped(p) for p in parents),
        shape=SHAPE,
        files=tokenizer(),
        rng=np.random.default_rng(seed),
    )


def derivation(name: str) -> Derivation:
    """Return a derivation of the zoo by name."""
    return next(d for d in DERIVATIONS if d.name == name)


def derived(name: str, *parents: str, seed: int = 0) -> Product:
    """Return a derivative of shipped models; the derivation's own parents by default."""
    wanted = derivation(name)
    return wanted.make(material(*(parents or wanted.parents), seed=seed))


def plain(weights: Weights, shape: Shape = SHAPE, *, dtype: Dtype = "BF16") -> Product:
    """Return weights as a product with the shared tokenizer."""
    return Product(weights=weights, shape=shape, files=tokenizer(), dtype=dtype)


def write(folder: Path, product: Product, *, card: str = "") -> Path:
    """Write a product as a model folder and return it."""
    write_model(
        folder,
        product.weights,
        {**product.shape.config(), **product.extra},
        tokenizer_files=product.files,
        card=card,
        dtype=product.dtype,
        shards=product.shards,
        shard_name=product.shard_name,
        order=product.order,
    )
    return folder


def model(name: str) -> Path:
    """Return the folder of a shipped model."""
    return MODELS / name


def request(
    subject: Path | str,
    bases: Sequence[Path | str] = (),
    suspects: Sequence[Path | str] = (),
    *,
    seed: int = 1,
    depth: Depth = Depth.SAMPLE,
    max_read: int = BUDGET,
    at: Mapping[str, Path] | None = None,
    fail_on: str = "undeclared,contradicted",
) -> Request:
    """Return a request as the command line would make it."""
    return Request(
        subject=parse_reference(str(subject)),
        bases=chosen_bases([str(b) for b in bases], [str(s) for s in suspects], at=at),
        depth=depth,
        seed=seed,
        policy=parse_fail_on(fail_on),
        access=Access(max_read=max_read, token=None, endpoint=None),
        replay="hubcheck check",
    )


def frozen_clock() -> datetime:
    """Return one moment, whenever it is asked."""
    return datetime(2024, 5, 17, 12, 0, tzinfo=UTC)


def outcome_of(wanted: Request) -> Outcome:
    """Run a check under a clock that stands still."""
    return check(wanted, now=frozen_clock, progress=lambda _text: None)


def report_of(
    subject: Path | str,
    bases: Sequence[Path | str] = (),
    suspects: Sequence[Path | str] = (),
    *,
    seed: int = 1,
    at: Mapping[str, Path] | None = None,
) -> Report:
    """Return the report of a check at the default depth."""
    return outcome_of(request(subject, bases, suspects, seed=seed, at=at)).report


def finding_of(subject: Path, base: Path, *, seed: int = 1, declared: bool = True) -> Finding:
    """Return the finding about one base."""
    named = ([base], []) if declared else ([], [base])
    return report_of(subject, *named, seed=seed).findings[0]


def comparison_of(
    subject: Path, base: Path, *, seed: int = 1, tried: int = 1, search: bool = True
) -> Comparison:
    """Return what the tests saw, before anything is made of it."""
    ours, theirs = (open_model(parse_reference(str(p)), request(p).access) for p in (subject, base))
    return comparer_of(theirs, ours, seed=seed, tried=tried).run(search=search)


def with_names(product: Product, rename: Mapping[str, str]) -> Product:
    """Return a product whose tensor names begin differently.

    Args:
        product: The model.
        rename: Old beginning to new beginning; the first that fits is used.
    """

    def renamed(name: str) -> str:
        for old, new in rename.items():
            if name.startswith(old):
                return new + name.removeprefix(old)
        return name

    return replace(product, weights={renamed(n): w for n, w in product.weights.items()})
