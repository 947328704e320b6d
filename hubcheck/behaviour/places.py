"""Which files of a model may a library load, and where do they lie for it?

A folder of its own, with nothing in it that could hold code: the configuration, the tokenizer,
safetensors or GGUF. No pickle, no Python, no template, no adapter, no pointer to another model. Of
a folder on this machine the files are linked, of a repository they are read whole, by its ledger.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from hubcheck.behaviour.interface import NotRun, NotRunError
from hubcheck.errors import BudgetExceededError, HubcheckError
from hubcheck.model import Model
from hubcheck.source.folder import FolderSource
from hubcheck.source.interface import Span
from hubcheck.source.ledger import Purpose

CONFIG: Final = "config.json"
TOKENIZER: Final = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "tokenizer.model", "spiece.model", "vocab.json", "merges.txt", "vocab.txt",
)  # fmt: skip
DOCUMENT: Final = 64 << 20
"""Bytes of the largest tokenizer file."""
CHUNK: Final = 64 << 20
TAKEN_OUT: Final = ("auto_map", "chat_template", "custom_pipelines", "_attn_implementation",
                    "attn_implementation")  # fmt: skip
"""Keys that name code, or where code is fetched from."""


def laid_out(model: Model, folder: Path, *, all_bytes: bool) -> str:
    """Lay out what may be loaded of a model; return the name of its GGUF file, or ``""``.

    Args:
        model: The model.
        folder: An empty folder.
        all_bytes: The ledger may be raised to cover the weights.

    Raises:
        NotRunError: nothing of it can be loaded.
    """
    if model.lies_in_folders:
        raise NotRunError(NotRun.PARTS)
    weights = [file.path for file in model.loaded_files]
    ggufs = [path for path in weights if path.endswith(".gguf")]
    tensors = [path for path in weights if path.endswith(".safetensors")]
    if len(ggufs) != 1 and not tensors:
        raise NotRunError(NotRun.FORMAT)
    chosen = tensors or ggufs
    there = {file.path: file.size for file in model.files}
    if tensors:
        if CONFIG not in there:
            raise NotRunError(NotRun.FORMAT)
        if not any(name in there for name in TOKENIZER):
            raise NotRunError(NotRun.NO_TOKENIZER)
    try:
        _documents(model, there, folder)
        _weights(model, chosen, there, folder, all_bytes=all_bytes)
    except BudgetExceededError as error:
        raise NotRunError(NotRun.BUDGET) from error
    except HubcheckError as error:
        raise NotRunError(NotRun.NETWORK, type(error).__name__) from error
    return "" if tensors else "weights.gguf"


def _documents(model: Model, there: dict[str, int], folder: Path) -> None:
    for name in (CONFIG, *TOKENIZER):
        if name not in there:
            continue
        raw = model.source.read_document(name, limit=DOCUMENT)
        if name.endswith("config.json"):
            raw = json.dumps(_plain(raw)).encode()
        (folder / name).write_bytes(raw)


def _plain(raw: bytes) -> object:
    """Return a configuration without what names code.

    Raises:
        NotRunError: it is no JSON object.
    """
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise NotRunError(NotRun.FORMAT) from error
    if not isinstance(found, dict):
        raise NotRunError(NotRun.FORMAT)
    return {key: value for key, value in found.items() if key not in TAKEN_OUT}


def _weights(
    model: Model, chosen: list[str], there: dict[str, int], folder: Path, *, all_bytes: bool
) -> None:
    """Lay out the weight files, numbered: a name of a model may be anything."""
    source, names = model.source, []
    if all_bytes:
        ledger = source.ledger
        ledger.raise_limit(ledger.bytes_read + sum(there[path] for path in chosen))
    for n, path in enumerate(sorted(chosen)):
        name = "weights.gguf" if path.endswith(".gguf") else f"model-{n}.safetensors"
        names.append(name)
        own = source.place_of(path) if isinstance(source, FolderSource) else None
        if own is not None:
            (folder / name).symlink_to(own)
            continue
        with (folder / name).open("wb") as out:
            for start in range(0, there[path], CHUNK):
                stop = min(start + CHUNK, there[path])
                span = Span(path=path, start=start, stop=stop)
                out.write(source.read([span], Purpose.WEIGHTS)[0])
    if len(names) == 1:
        (only,) = names
        if only.endswith(".safetensors"):
            (folder / only).rename(folder / "model.safetensors")
        return
    from safetensors import safe_open

    index: dict[str, str] = {}
    for name in names:
        with safe_open(folder / name, framework="np") as opened:
            index |= dict.fromkeys(opened.keys(), name)
    text = json.dumps({"metadata": {}, "weight_map": index})
    (folder / "model.safetensors.index.json").write_text(text)
