"""Which models do the files of a repository name without declaring them?

Programs leave names in configs, tokenizers and headers; people leave links in a card. A name is a
hint of what to test and nothing more. Small text files only; nothing is unpickled.

Later formats join through ``metadata``: whoever reads a header of key-value pairs (safetensors
today) passes the pairs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from hubcheck.candidates.declared import DeclaredBase
from hubcheck.candidates.documents import (
    CARD_LIMIT,
    JsonDocument,
    Malformed,
    parse_json,
    read_bytes,
    read_json_object,
)
from hubcheck.candidates.front_matter import (
    CARD_PATH,
    FrontMatter,
    card_lines,
    parse_front_matter,
)
from hubcheck.candidates.links import named_models, usable
from hubcheck.candidates.repository_name import RepositoryName
from hubcheck.errors import printable
from hubcheck.report.hints import at_key, at_line, mentioned
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.source.interface import Source

MAX_LEAKS: Final = 24
"""Names kept from one model; a hostile card may hold thousands."""
MAX_LINKS: Final = 12
"""Of which from the prose of the card; a long card links to what it compares itself with."""
MAX_VALUES: Final = 20_000
MAX_DEPTH: Final = 12
MAX_TEXT: Final = 500
NOTICE_LIMIT: Final = 200_000

JSON_FILES: Final = (
    "config.json",
    "tokenizer_config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "quantize_config.json",
    "quant_config.json",
    "quantization_config.json",
    "training_args.json",
    "train_args.json",
    "args.json",
    "model_args.json",
    "special_tokens_map.json",
)
"""Files that programs write beside weights, all of them kilobytes."""
NOTICE_FILES: Final = re.compile(
    r"(?:LICEN[CS]E|NOTICE|ATTRIBUTION|THIRD_PARTY_NOTICES)[A-Z0-9._-]{0,40}", re.IGNORECASE
)
_KEY: Final = re.compile(
    r"(?:^|[._])_?(?:name_or_path|model_name|model_path|model_id|base_model\w{0,30}|base_ckpt"
    r"|model_name_or_path|pretrained\w{0,30}|tokenizer_name|tokenizer_file|source_model|sd_model"
    r"|parent\w{0,20}|teacher\w{0,20}|merged_from|repo_url|repo_id|checkpoint|init_from"
    r"|original_model|draft_model|vocab_file|ref_model)$",
    re.IGNORECASE,
)
"""Keys under which programs write where something was loaded from."""
_REMOTE_CODE: Final = re.compile(r"([^\s]{1,200}?)--[\w./-]{1,200}")
_DOWNLOADED: Final = "models--"
"""Starts the folder name of the Hub's cache, which spells a repository."""


def read_leaks(
    source: Source, *, metadata: Mapping[str, str] | None = None
) -> tuple[DeclaredBase, ...]:
    """Return every model that the files name, each once, with where it stands.

    Args:
        source: The model.
        metadata: Free key-value pairs of the weight headers; hostile.

    Raises:
        HubcheckError: the source failed (network, access, read budget).
    """
    own = source.pin.ref.casefold()
    found: dict[str, DeclaredBase] = {}
    for name, why in _names(source, metadata or {}):
        key = name.ref.casefold()
        if key != own and key not in found:
            found[key] = DeclaredBase(ref=name.ref, revision=name.revision, why=why)
            if len(found) >= MAX_LEAKS:
                break
    return tuple(found.values())


def _names(source: Source, metadata: Mapping[str, str]) -> Iterator[tuple[RepositoryName, Phrase]]:
    for path in JSON_FILES:
        document = read_json_object(source, path)
        if isinstance(document, JsonDocument):
            yield from _with_key(names_in(document.values), path)
    yield from _metadata_names(metadata)
    card = read_bytes(source, CARD_PATH, limit=CARD_LIMIT)
    if isinstance(card, bytes):
        yield from card_names(card)
    for entry in source.files():
        if NOTICE_FILES.fullmatch(entry.path) and entry.size <= NOTICE_LIMIT:
            data = read_bytes(source, entry.path, limit=NOTICE_LIMIT)
            lines = card_lines(data) if isinstance(data, bytes) else []
            if not isinstance(lines, Malformed):
                for name, _, line in named_models(lines):
                    yield name, at_line(printable(entry.path), line)


def _with_key(
    named: Iterable[tuple[RepositoryName, str]], path: str
) -> Iterator[tuple[RepositoryName, Phrase]]:
    for name, key in named:
        yield name, at_key(path, key)


def names_in(values: object) -> Iterator[tuple[RepositoryName, str]]:
    """Yield the models that a parsed JSON file names, with the dotted key.

    Args:
        values: Hostile values of any depth.
    """
    for where, value in _texts(values):
        key = where.rpartition(".")[2]
        text = value.strip()
        if "auto_map" in where:
            code = _REMOTE_CODE.fullmatch(text)
            text = code[1] if code is not None else ""
        elif _KEY.search(key) is None and _DOWNLOADED not in text:
            continue
        name = usable(text) if text else None
        if name is not None:
            yield name, printable(where, limit=60)


def card_names(data: bytes) -> Iterator[tuple[RepositoryName, Phrase]]:
    """Yield the models that the prose of a card names, with the line; at most ``MAX_LINKS``."""
    lines = card_lines(data)
    if isinstance(lines, Malformed):
        return
    front = parse_front_matter(data)
    body = front.last_line if isinstance(front, FrontMatter) else 0
    named = named_models(lines[body:], first=body + 1)
    for count, (name, how, line) in enumerate(named):
        if count >= MAX_LINKS:
            return
        yield name, mentioned(CARD_PATH, line, how)


def _metadata_names(metadata: Mapping[str, str]) -> Iterator[tuple[RepositoryName, Phrase]]:
    for key, value in list(metadata.items())[:MAX_VALUES]:
        outer = printable(key, limit=60)
        if value[:1] in "{[" and len(value) <= NOTICE_LIMIT:
            nested = parse_json(value.encode("utf-8", "surrogatepass"), "metadata")
            if not isinstance(nested, Malformed):
                for named, inner in names_in(nested):
                    yield named, _in_header(f"{outer} {inner}")
        elif len(value) <= MAX_TEXT and (_KEY.search(key) or _DOWNLOADED in value):
            name = usable(value)
            if name is not None:
                yield name, _in_header(outer)


def _in_header(key: str) -> Phrase:
    return phrase(PhraseCode.PLACE_HEADER, format="weights", key=key)


def _texts(values: object) -> Iterator[tuple[str, str]]:
    """Yield (dotted key, text) of every short text in a value, without recursion."""
    stack: list[tuple[str, object, int]] = [("", values, 0)]
    for _ in range(MAX_VALUES):
        if not stack:
            return
        where, value, depth = stack.pop()
        if isinstance(value, str):
            if 0 < len(value) <= MAX_TEXT:
                yield where, value
        elif depth < MAX_DEPTH and isinstance(value, Mapping):
            prefix = f"{where}." if where else ""
            items = list(value.items())[:MAX_VALUES]
            stack += [(f"{prefix}{k}"[-200:], v, depth + 1) for k, v in reversed(items)]
        elif depth < MAX_DEPTH and isinstance(value, Sequence):
            stack += [(where, v, depth + 1) for v in reversed(value[:MAX_VALUES])]
