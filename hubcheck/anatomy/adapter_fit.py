"""Do the modules of an adapter fit a base by name and shape?

Context, never evidence: every fine-tune of a family, and every family of its shape, fits as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from hubcheck.anatomy.gguf_names import FORMAT, published_name
from hubcheck.checkpoint.adapter import Adapter
from hubcheck.checkpoint.interface import Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterFit:
    """How many modules fit."""

    modules: int
    fitting: int
    """Modules that the base has with that very shape."""
    missing: tuple[str, ...]
    """Modules that the base does not have."""
    other_shape: tuple[str, ...]
    """Modules that it has with another shape."""

    @property
    def sentence(self) -> str:
        """The fit in words, for people."""
        if not self.modules:
            return "it holds no low-rank update that is understood"
        told = f"{self.fitting} of its {self.modules} modules fit the base by name and shape"
        return told if not self.fitting else f"{told}, as they would fit any model of this family"


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
    missing: list[str] = []
    other: list[str] = []
    for module, (n_out, n_in) in adapter.modules.items():
        name = f"{module}.weight"
        shape = shapes.get(name)
        if shape is None:
            missing.append(module)
        elif shape not in ((n_out, n_in), (n_in, n_out)):  # Conv1D and GPTQ lie by input
            other.append(module)
    return AdapterFit(
        modules=len(adapter.modules),
        fitting=len(adapter.modules) - len(missing) - len(other),
        missing=tuple(missing),
        other_shape=tuple(other),
    )
