"""Which references name the weights of a repository that has none at its top level?"""

from __future__ import annotations

from collections.abc import Iterable

from hubcheck.checkpoint.other_formats import SHARED, refuse_container
from hubcheck.errors import NoWeightsError, printable
from hubcheck.source.inside import NAMED, listed, references
from hubcheck.source.interface import Pin
from hubcheck.source.weight_files import READ, formats_of, holds_weights, weight_folders


def refuse_below(pin: Pin, paths: Iterable[str]) -> None:
    """Refuse a model whose weights all lie in folders, with references that work when pasted.

    Args:
        pin: The model.
        paths: Every file of it; hostile.

    Raises:
        NoWeightsError: no weights lie at top level, and some lie below it.
        UnsupportedFormatError: none of those below it is of a format that is read.
    """
    every = [*paths]
    folders = [folder for folder in weight_folders(every) if folder]
    if not folders or any(holds_weights(p) for p in every if "/" not in p):
        return
    formats = formats_of(every)
    if formats and not {*formats.values()} & (READ | SHARED):
        refuse_container(*min(formats.items()))  # to name their folder would lead nowhere
    named = ", ".join(f"'{printable(f, limit=60)}'" for f in folders[:NAMED])
    more = len(folders) - NAMED
    refs = references(pin, every)
    if not refs:
        step = "name the folder that holds the weights."
    elif len(refs) == 1:
        step = f"name the model by its folder: {refs[0]}."
    else:
        step = f"name one of them: {listed(refs)}."
    raise NoWeightsError(
        f"No model lies at the top level; weights lie in {named}"
        f"{f' and {more} more' if more > 0 else ''}.",
        cause="the folder above the model was named, or the repository holds several models.",
        next_step=step,
    )
