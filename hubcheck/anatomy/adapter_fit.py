"""Do the modules of an adapter fit a base by name and shape?

Context, never evidence: every fine-tune of a family, and every family of its shape, fits as well.
The parts of a pipeline go by several names in front (``unet.``, ``lora_unet_``,
``model.diffusion_model.``), and kohya's scripts write ``_`` for dots: what is behind the part's
name is held against what is behind it in the base.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from math import prod
from typing import Final

from hubcheck.anatomy.gguf_names import FORMAT, published_name
from hubcheck.checkpoint.adapter import Adapter
from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase, PhraseCode, phrase

_PART: Final = re.compile(
    r"(?:lora_(?:unet|te[123]?|transformer|prior_unet)_|"
    r"(?:unet|transformer|text_encoder(?:_[23])?|prior|diffusion_model|"
    r"model\.diffusion_model|cond_stage_model(?:\.transformer)?|"
    r"conditioner\.embedders\.[0-9](?:\.transformer|\.model)?)\.)"
)
"""What stands in front of the names of a part of a pipeline, in adapters and in whole files."""
_EMBEDDING: Final = re.compile(r"(?:.*\.)?(?:token_embedding|embed_tokens|shared|wte)\.weight")
"""The vectors of words, to which a textual inversion adds some."""
MATRIX: Final = 2


@frozen
class AdapterFit:
    """How many modules fit."""

    modules: int
    fitting: int
    """Modules that the base has with that very shape."""
    missing: tuple[str, ...]
    """Modules that the base does not have."""
    other_shape: tuple[str, ...]
    """Modules that it has with another shape."""
    widths: tuple[int, ...] = ()
    """Of the vectors of a textual inversion."""
    widths_fit: bool | None = None
    """Whether the base's words have such widths; None where it holds no vectors of words."""

    @property
    def said(self) -> Phrase:
        """The fit as a report holds it."""
        if self.widths:
            fits = {None: "none", True: "yes", False: "no"}[self.widths_fit]
            return phrase(PhraseCode.FIT_WORDS, widths=self.widths, fits=fits)
        return phrase(PhraseCode.FIT_MODULES, modules=self.modules, fitting=self.fitting)


def adapter_fit(adapter: Adapter, base: Checkpoint) -> AdapterFit:
    """Hold an adapter's modules against a base.

    Args:
        adapter: What the adapter changes.
        base: The base, headers read.
    """
    architecture = base.metadata.get("general.architecture", "")
    shapes = {
        published_name(name, architecture) if base.format == FORMAT else name: record.shape
        for name, record in base.tensors.items()
    }
    if adapter.words:
        return _of_words(adapter, shapes)
    behind: dict[str, set[tuple[int, ...]]] = defaultdict(set)
    for name, shape in shapes.items():
        if name.endswith(".weight") and len(shape) >= MATRIX:
            behind[_behind(name.removesuffix(".weight"))].add(shape)
    missing: list[str] = []
    other: list[str] = []
    for module, (n_out, n_in) in adapter.modules.items():
        exact = shapes.get(f"{module}.weight")
        found = {exact} if exact is not None else behind.get(_behind(module), set())
        # Conv1D and GPTQ lie by input; a kernel is updated as [out, in * height * width].
        seen = {(s[0], prod(s[1:])) for s in found if s} | {s[::-1] for s in found}
        if not found:
            missing.append(module)
        elif (n_out, n_in) not in seen:
            other.append(module)
    return AdapterFit(
        modules=len(adapter.modules),
        fitting=len(adapter.modules) - len(missing) - len(other),
        missing=tuple(missing),
        other_shape=tuple(other),
    )


def _behind(module: str) -> str:
    """Return what a module is called behind the name of its part, dots as kohya writes them."""
    found = _PART.match(module)
    return (module[found.end() :] if found else module).replace(".", "_")


def _of_words(adapter: Adapter, shapes: Mapping[str, tuple[int, ...]]) -> AdapterFit:
    """Return the fit of a textual inversion: the widths of its vectors and of the base's words."""
    widths = {shape[-1] for shape in adapter.words.values()}
    held = {s[-1] for n, s in shapes.items() if len(s) == MATRIX and _EMBEDDING.fullmatch(n)}
    return AdapterFit(
        modules=0, fitting=0, missing=(), other_shape=(), widths=tuple(sorted(widths)),
        widths_fit=bool(widths & held) if held else None,
    )  # fmt: skip
