"""Which tensors do two models have in common, by name, shape and number format?

Headers only: no weight is read. Wrappers around names (``model.``, ``module.``) are taken off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from hubcheck.anatomy.interface import Anatomy
from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.report.comparison import OtherFormat, OtherShape, Stored, Tensors


def stored(anatomy: Anatomy) -> Stored:
    """Return how a model is stored."""
    checkpoint = anatomy.checkpoint
    sizes: Counter[str] = Counter()
    for tensor in checkpoint.tensors.values():
        sizes[tensor.dtype] += tensor.stop - tensor.start
    return Stored(
        tensors=len(checkpoint.tensors),
        parameters=checkpoint.n_parameters,
        bytes=checkpoint.n_bytes,
        formats=tuple(name for name, _ in sizes.most_common()),
    )


def tensor_difference(a: Anatomy, b: Anatomy) -> Tensors:
    """Return what two models have in common and what one of them has alone, sorted by name."""
    first, second = _by_plain_name(a), _by_plain_name(b)
    both = sorted(first.keys() & second.keys())
    same = [name for name in both if first[name].shape == second[name].shape]
    formats = Counter((first[name].dtype, second[name].dtype) for name in same)
    return Tensors(
        shared=len(same),
        shared_values=sum(first[name].n_values for name in same),
        other_shape=tuple(
            OtherShape(name=name, a=first[name].shape, b=second[name].shape)
            for name in both
            if first[name].shape != second[name].shape
        ),
        other_format=tuple(
            OtherFormat(a=x, b=y, tensors=n) for (x, y), n in sorted(formats.items()) if x != y
        ),
        only_a=tuple(sorted(first.keys() - second.keys())),
        only_b=tuple(sorted(second.keys() - first.keys())),
    )


def _by_plain_name(anatomy: Anatomy) -> Mapping[str, TensorRecord]:
    tensors = anatomy.checkpoint.tensors
    plain = {anatomy.plain.get(name, name): one for name, one in tensors.items()}
    # Where two wrapped names become one, every name stays as it is stored.
    return plain if len(plain) == len(tensors) else tensors
