"""What does the Hub state about a repository, where every field of its answer is hostile?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hubcheck.frozen import frozen
from hubcheck.source.reference import is_repo_id

MAX_BASES: Final = 16
MAX_LIST: Final = 100
MAX_TEXT: Final = 300
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_DATE: Final = re.compile(r"[0-9TZ:.+-]{10,40}", re.ASCII)


@frozen
class Described:
    """What the Hub states about a repository; texts are as the uploader wrote them."""

    ref: str
    """The Hub's own spelling, renames followed."""
    commit: str
    created: str
    downloads: int
    gated: bool
    parameters: int
    """Stored values as the Hub counted them; 0 when it states none."""
    model_type: str
    bases: tuple[str, ...]
    """Declared bases that are well-formed names."""
    relation: str
    licence: str
    licence_name: str
    licence_link: str


def described(item: object) -> Described | None:
    """Return the checked description, or None for one without a usable name."""
    name = item.get("id") if isinstance(item, Mapping) else None
    if not isinstance(item, Mapping) or not isinstance(name, str) or not is_repo_id(name):
        return None
    card = _mapping(item.get("cardData"))
    config = _mapping(item.get("config"))
    commit, created = str(item.get("sha", "")), str(item.get("createdAt", ""))
    bases, relation = _bases(item, card)
    return Described(
        ref=name,
        commit=commit if _COMMIT.fullmatch(commit) else "",
        created=created if _DATE.fullmatch(created) else "",
        downloads=_count(item.get("downloads")),
        gated=item.get("gated") not in (None, False, "false", ""),
        parameters=_count(_mapping(item.get("safetensors")).get("total")),
        model_type=_text(config.get("model_type")),
        bases=bases,
        relation=relation,
        licence=_text(card.get("license")),
        licence_name=_text(card.get("license_name")),
        licence_link=_text(card.get("license_link")),
    )


def _bases(item: Mapping[str, object], card: Mapping[str, object]) -> tuple[tuple[str, ...], str]:
    """Return declared bases and relation: from the card, else as the Hub computed them."""
    relation = _text(card.get("base_model_relation"))
    computed = _mapping(item.get("baseModels"))
    named = list(_texts(card.get("base_model")))
    if not named:
        models = computed.get("models")
        entries = models if isinstance(models, list) else []
        named = [_text(_mapping(entry).get("id")) for entry in entries[:MAX_BASES]]
        relation = relation or _text(computed.get("relation"))
    own = str(item.get("id", "")).casefold()
    usable = [n for n in dict.fromkeys(named) if is_repo_id(n) and n.casefold() != own]
    return tuple(usable[:MAX_BASES]), relation


def _texts(value: object) -> Iterator[str]:
    values: Sequence[object] = value if isinstance(value, list) else [value]
    for one in values[:MAX_LIST]:
        text = _text(one).strip()
        if text:
            yield text


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(t for v in value[:MAX_BASES] if (t := _text(v)))[:MAX_TEXT]
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _count(value: object) -> int:
    return value if type(value) is int and 0 <= value < 2**60 else 0
