"""In which format are the weights of a model that holds none that are read?

Names decide; where several formats share an ending, a few bytes do. A pickle is never loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NoReturn

from hubcheck.checkpoint.containers import container_of
from hubcheck.errors import NoWeightsError, UnsupportedFormatError, counted, printable
from hubcheck.source.interface import Source
from hubcheck.source.weight_files import (
    FORMATS,
    GGUF,
    SAFETENSORS,
    TORCH,
    ZIP,
    formats_of,
    is_training_state,
    weight_folders,
)

PEFT_ADAPTER: Final = "peft-adapter"
"""A code, whose words say why no verdict follows: low-rank updates fit any base of their shapes."""
LORA_ADAPTER: Final = "lora-adapter"
"""The same in the names of another program (MLX, diffusers, kohya, llama.cpp)."""
TEXTUAL_INVERSION: Final = "textual-inversion"
"""Vectors for new words, trained with everything else held fast."""

_ADAPTER_NAME: Final = re.compile(
    r"(?:adapter_model|adapters[.-]|[0-9]+_adapters\.|pytorch_lora_weights).*", re.IGNORECASE
)
"""Names of adapters: PEFT, MLX and its steps, diffusers."""
FOLDERS_NAMED: Final = 3
"""Folders of a message; a pipeline has five or six parts."""
_PEFT: Final = frozenset({"adapter_model.safetensors", "adapter_model.bin"})
SHARED: Final = frozenset({TORCH, FORMATS[".pkl"], ZIP})
"""Formats whose endings others use as well."""
_FACTOR: Final = re.compile(
    r".*[._](?:lora_(?:A|B|a|b|up|down|mid|embedding_[AB])|lora\.(?:up|down)|"
    r"lora_linear_layer\.(?:up|down)|hada_w\w+|lokr_w\w+|oft_\w+|ia3_l)(?:\.\w+)*"
)
_BESIDE_FACTORS: Final = re.compile(
    r".*(?:\.alpha|\.dora_scale|\.lora_magnitude_vector|\.rank|\.scale)(?:\.weight)?"
)
"""Tensors that stand beside the factors of an update and are none."""


_WORDS: Final = re.compile(r"emb_params|clip_[lg]|t5xxl|\*|<.{1,64}>")
"""Names in files of a textual inversion: of AUTOMATIC1111's, of SDXL's trainers, of diffusers."""
MOST_WORDS: Final = 77
"""Vectors of one inversion: as many words as CLIP's text encoder reads."""
VECTORS: Final = 2
"""Axes of several vectors."""
MOST_FOR_ONE: Final = 4
"""Tensors of one inversion: one for each text encoder."""


def is_adapter_file(name: str) -> bool:
    """Say whether a file, named without its folder, is an adapter by its name."""
    return _ADAPTER_NAME.fullmatch(name) is not None


def has_adapter(paths: Iterable[str]) -> bool:
    """Say whether a model holds the weights of a PEFT adapter at top level."""
    return any(path in _PEFT for path in paths)


def is_update_alone(names: Iterable[str]) -> bool:
    """Say whether all tensors are factors of updates to some other model, by their names."""
    some = False
    for name in names:
        if _FACTOR.fullmatch(name):
            some = True
        elif not _BESIDE_FACTORS.fullmatch(name):
            return False
    return some


def is_inversion(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Say whether all tensors are vectors of a textual inversion, by their names and shapes."""
    return 0 < len(shapes) <= MOST_FOR_ONE and all(
        _WORDS.fullmatch(name)
        and (len(shape) == 1 or (len(shape) == VECTORS and shape[0] <= MOST_WORDS))
        for name, shape in shapes.items()
    )


def refuse_inversion(path: str) -> NoReturn:
    """Refuse a file of vectors for words."""
    raise UnsupportedFormatError(
        f"'{printable(path)}' holds vectors for words, and no weights of a model.",
        cause="a textual inversion trains a few vectors and leaves every weight as it is.",
        next_step="check the model that it is used with.",
        format_name=TEXTUAL_INVERSION,
    )


def refuse_adapter(path: str, name: str = PEFT_ADAPTER) -> NoReturn:
    """Refuse an adapter without the weights that it changes."""
    raise UnsupportedFormatError(
        f"'{printable(path)}' is an adapter, and its base weights are not in this model.",
        cause="what is to be put on a model was published, and not the model.",
        next_step="merge the adapter into its base, if its kind can be, and check that.",
        format_name=name,
    )


def refuse_other_formats(source: Source) -> NoReturn:
    """Say why a model without weights that are read at top level cannot be read.

    Args:
        source: The model; a few bytes are read where the name leaves the format open.

    Raises:
        UnsupportedFormatError: there are weights in a format that hubcheck names and does not read.
        NoWeightsError: there are none, or only in a folder below.
    """
    sizes = {entry.path: entry.size for entry in source.files()}
    formats = {p: name for p, name in formats_of(sizes).items() if not is_training_state(p)}
    top = {path: name for path, name in formats.items() if "/" not in path}
    adapter = next((path for path in sorted(top) if is_adapter_file(path)), None)
    if adapter is not None:
        refuse_adapter(adapter, PEFT_ADAPTER if adapter in _PEFT else LORA_ADAPTER)
    if SAFETENSORS in top.values() and len(set(top.values())) == 1:
        misnamed = next(iter(sorted(top)))
        raise UnsupportedFormatError(
            f"'{printable(misnamed)}' has a name under which no loader looks for weights.",
            cause="capitals in its ending.",
            next_step="rename it to what loaders read, such as model.safetensors.",
            format_name="safetensors under another name",
        )
    folders = weight_folders(sizes)
    if "" in folders and not _is_data(source, sizes, top):
        _refuse(source, sizes, top or formats)
    if folders and folders != ("",):
        named = ", ".join(f"'{printable(f, limit=60)}'" for f in folders[:FOLDERS_NAMED])
        more = len(folders) - FOLDERS_NAMED
        raise NoWeightsError(
            f"No model lies at the top level; weights lie in {named}"
            f"{f' and {more} more' if more > 0 else ''}.",
            cause="the folder above the model was named, or the model is one of several parts.",
            next_step="name the folder that holds the weights; on the Hub that is ORG/NAME:FOLDER.",
        )
    raise NoWeightsError(
        f"The model holds no weights among its {counted(len(sizes), 'file')}.",
        cause="the upload is incomplete, or the reference names a model of another kind.",
        next_step="check the reference and the revision.",
    )


def _is_data(source: Source, sizes: Mapping[str, int], formats: Mapping[str, str]) -> bool:
    """Say whether all there is are archives whose members are not those of a model."""
    return bool(formats) and all(
        name == ZIP and container_of(source, path, sizes[path]) in {"", ZIP}
        for path, name in formats.items()
    )


def refuse_container(path: str, name: str) -> NoReturn:
    """Refuse a file by the name of its container."""
    raise UnsupportedFormatError(
        f"The weights are stored as {printable(name)}, as in '{printable(path)}', which hubcheck"
        " does not read.",
        cause="the model was published without safetensors.",
        next_step="convert it to safetensors, or check a revision or model that has them.",
        format_name=printable(name),
    )


def unknown_container(path: str) -> str:
    """Return what a file is called whose ending is that of weights and whose bytes say nothing."""
    return f"unrecognised {printable(path[path.rfind('.') :], limit=12)} file"


def _refuse(source: Source, sizes: Mapping[str, int], formats: Mapping[str, str]) -> NoReturn:
    """Refuse the first format of the table that is there, called by what its bytes show."""
    order = [*dict.fromkeys(FORMATS.values())]
    ranked = sorted(
        formats, key=lambda p: (order.index(formats[p]) if formats[p] in order else -1, p)
    )
    # Safetensors under a name that no loader reads, and GGUF that is no model, are not it.
    path = next((p for p in ranked if formats[p] not in {SAFETENSORS, GGUF}), ranked[0])
    name = formats[path]
    if name in SHARED:
        shown = container_of(source, path, sizes[path])
        name = shown or (unknown_container(path) if name == TORCH else name)
    refuse_container(path, name)
