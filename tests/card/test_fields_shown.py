"""Is every field of a report shown on the card, or left out for a reason that is written down?"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, get_args

from pydantic import BaseModel

import hubcheck.card
from hubcheck.report.schema import Report

WARNED: Final = "a warning says it in words"
LIST: Final = "a list of numbers for programs; what it means is said in words"
SHARE: Final = "enters `compared`, the verdict and its reason, which are shown"
DATES: Final = "written by the maker: dates decide nothing, and would be taken to"
COST: Final = "the total is shown"
ASKED: Final = "what was asked; `replay` reads it"
NOT_SHOWN: Final[Mapping[str, str]] = {
    "Report.accepted": WARNED,
    "BehaviourKind.kl": "the symmetric divergence is shown, which known pairs are told by",
    "Policy.allow": "the findings that it lets pass are shown as accepted",
    "Policy.signers": "keys; the one that signed is named in the context",
    "Accepted.expires": "the policy file has it; `replay` reads it",
    "Declared.places": "`proposed_by` of each finding is shown, which says the same",
    "Subject.created": DATES,
    "BaseModelRef.created": DATES,
    "Relative.created": DATES,
    "Subject.disagreements": WARNED,
    "FileDisagreement.example": WARNED,
    "FileDisagreement.instead": WARNED,
    "Finding.closer": WARNED,
    "Finding.tried": "the bound is divided by it; the search says among how many it chose",
    "Finding.order_tested": SHARE,
    "Finding.held": SHARE,
    "PartVerdict.order_tested": SHARE,
    "NotCompared.side": SHARE,
    "NotCompared.what": SHARE,
    "Finding.alignment": LIST,
    "Alignment.axis": LIST,
    "Alignment.subject_layer": LIST,
    "Alignment.matched": LIST,
    "Finding.account": "how the bound came about; the bound is shown",
    "AccountLine.look": "see `Finding.account`",
    "AccountLine.orders": "see `Finding.account`",
    "Coverage.subject_bytes_read": COST,
    "Coverage.subject_bytes_total": COST,
    "Coverage.bytes_hashed": COST,
    "LicenceCheck.rule": "`says` has it in words",
    "LicenceCheck.source": "the licence and the clause are named",
    "StatedLicence.file_sha256": "what the file was recognised as is shown",
}
"""By reading the modules of the card: an attribute of that name is read nowhere in them."""


def parts_of(kind: object, seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Yield every part of the schema that a type holds, once."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind in seen:
            return
        seen.add(kind)
        yield kind
        for field in kind.model_fields.values():
            yield from parts_of(field.annotation, seen)
    for inner in get_args(kind):
        yield from parts_of(inner, seen)


def read_on_cards() -> set[str]:
    """Return the name of every attribute that some module of the card reads."""
    names: set[str] = set()
    for path in Path(hubcheck.card.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                names.add(node.attr)
    return names


def test_a_field_is_on_the_card_or_has_a_reason_not_to_be() -> None:
    """What nobody shows is named with its reason, and a reason for what is shown is out of date."""
    read = read_on_cards()
    fields = {
        f"{part.__name__}.{name}": name
        for part in parts_of(Report, set())
        for name in part.model_fields
    }
    unread = {full for full, name in fields.items() if name not in read}
    assert unread == set(NOT_SHOWN)
