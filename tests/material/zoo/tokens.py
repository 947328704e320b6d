"""How does a tokenizer file follow its vocabulary when ids are reordered or added?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def reordered(files: Mapping[str, str], order: NDArray[np.int64]) -> dict[str, str]:
    """Return tokenizer files in which id ``order[i]`` has become id ``i``.

    Args:
        files: tokenizer.json and others by name, as ``corpus.tokenizer_files`` returns them.
        order: For each new id the old one, shape [vocab].
    """
    new_id = np.argsort(order)
    tokenizer = json.loads(files["tokenizer.json"])
    ids = _ids(tokenizer)
    # Added tokens get the ids of the model's vocabulary, so they have to stand in it.
    moved = {token: int(new_id[old]) for token, old in ids.items()}
    tokenizer["model"]["vocab"] = dict(sorted(moved.items(), key=lambda item: item[1]))
    for added in tokenizer["added_tokens"]:
        added["id"] = moved[added["content"]]
    tokenizer["added_tokens"].sort(key=lambda added: added["id"])
    return {**files, "tokenizer.json": json.dumps(tokenizer, ensure_ascii=False) + "\n"}


def extended(files: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Return tokenizer files with tokens appended after the last id."""
    tokenizer = json.loads(files["tokenizer.json"])
    first = max(_ids(tokenizer).values()) + 1
    for i, name in enumerate(names):
        tokenizer["added_tokens"].append(
            {
                "id": first + i,
                "content": name,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
        )
    return {**files, "tokenizer.json": json.dumps(tokenizer, ensure_ascii=False) + "\n"}


def special_ids(files: Mapping[str, str]) -> dict[str, int]:
    """Return the config entries ``bos_token_id`` and ``eos_token_id`` that fit the files."""
    ids = _ids(json.loads(files["tokenizer.json"]))
    settings = json.loads(files["tokenizer_config.json"])
    return {f"{kind}_token_id": ids[settings[f"{kind}_token"]] for kind in ("bos", "eos")}


def _ids(tokenizer: dict[str, Any]) -> dict[str, int]:
    added = {a["content"]: int(a["id"]) for a in tokenizer["added_tokens"]}
    return {**{t: int(i) for t, i in tokenizer["model"]["vocab"].items()}, **added}
