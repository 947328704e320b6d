"""What does a worker return of one model: its sketch as plain values, or why there is none?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hubcheck.anatomy.config import read_config
from hubcheck.catalogue.journal import Row, bits_of
from hubcheck.catalogue.material import MOST
from hubcheck.catalogue.sketch import sketch_of
from hubcheck.errors import (
    GatedModelError,
    HubcheckError,
    InternalFaultError,
    MissingModelError,
    NetworkFaultError,
    UnreachableError,
    UnreadableError,
    UnsupportedFormatError,
    printable,
)
from hubcheck.model import Model
from hubcheck.source.weight_files import weights_digest

BUDGET: Final = MOST + 64_000_000
"""Bytes of one model in all: weights, and headers and a tokenizer that may be as large as they."""
REASONS: Final = (
    (GatedModelError, "gated"),
    (MissingModelError, "missing-or-private"),
    (NetworkFaultError, "network"),
    (UnreachableError, "unreachable"),
    (UnsupportedFormatError, "no-sketch-of-this-format"),
    (UnreadableError, "unreadable"),
    (InternalFaultError, "fault-of-hubcheck"),
)

Open = Callable[[str], tuple[Model, bool]]
"""From a name to the opened model, and whether only a token opens it."""


def row_of(asked: str, open_it: Open) -> Row:
    """Return the line of one model: ``bits`` in it, or ``reason``.

    Whatever happens to one model must not end the build of the others.
    """
    try:
        return _row(asked, *open_it(asked))
    except HubcheckError as error:
        return failed(asked, error)
    except Exception as error:  # noqa: BLE001 - one strange model must not stop the other millions
        return failed(asked, InternalFaultError.of(error))


def failed(asked: str, error: HubcheckError) -> Row:
    """Return the line of a model that could not be sketched."""
    reason = next((word for kind, word in REASONS if isinstance(error, kind)), "refused")
    return {"asked": asked, "reason": reason, "what": printable(error.what, limit=300)}


def _row(asked: str, model: Model, closed: bool) -> Row:
    sketch = sketch_of(model)
    ledger = model.source.ledger
    return {
        "asked": asked,
        "ref": asked if model.pin.revision == "local" else model.pin.ref,
        "revision": model.pin.revision,
        "digest": weights_digest(model.files),
        "created": model.pin.created,
        "architecture": printable(read_config(model.config).model_type, limit=60),
        "parameters": model.anatomy.checkpoint.n_parameters,
        "closed": closed,
        "bytes": ledger.bytes_read,
        "requests": ledger.requests,
        **bits_of(sketch),
    }
