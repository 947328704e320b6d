"""Which files of a repository can a check read?

By name alone, for whoever has to fetch them or to tell whether a push can change a result: weights
in any format, their index, configs, tokenizers, merge recipes, the card and the licence.
"""

from __future__ import annotations

from typing import Final

from hubcheck.candidates.identity import TOKENIZERS
from hubcheck.source.signature_files import OMS
from hubcheck.source.weight_files import format_of

READ_SUFFIXES: Final = (".json", ".yml", ".yaml", ".model", ".tiktoken")
"""Beside weights: their index, configs, tokenizers, merge recipes."""
READ_NAMES: Final = TOKENIZERS | {
    "readme.md", "model", "openvino_model.xml", "config.cfg", OMS
}  # fmt: skip
"""``model`` holds the weights of a spaCy component; the two after it tell in which container the
weights beside them are; the last says who signed them."""
_LICENCES: Final = ("license", "licence", "copying", "notice")
"""How the files begin that licence flags rest on."""


def is_read_file(path: str) -> bool:
    """Return whether a check can read a file of this name; ``path`` is hostile."""
    name = path.rpartition("/")[2].casefold()
    return bool(format_of(path)) or name.endswith(READ_SUFFIXES) or name in READ_NAMES


def is_licence_file(path: str) -> bool:
    """Return whether a file looks like a licence or a notice: read for flags, never a verdict."""
    return path.rpartition("/")[2].casefold().startswith(_LICENCES)
