"""Where do the bytes of a model come from?"""

from hubcheck.source.interface import FileEntry, Pin, Source, Span
from hubcheck.source.ledger import Ledger, Purpose
from hubcheck.source.opening import open_reference, open_source
from hubcheck.source.reference import (
    HubReference,
    LocalReference,
    Reference,
    parse_hub_reference,
    parse_reference,
)

__all__ = [
    "FileEntry",
    "HubReference",
    "Ledger",
    "LocalReference",
    "Pin",
    "Purpose",
    "Reference",
    "Source",
    "Span",
    "open_reference",
    "open_source",
    "parse_hub_reference",
    "parse_reference",
]
