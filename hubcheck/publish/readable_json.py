"""How is a document written as JSON that people read: a line a thing, tables of numbers on one?

The nearest unit of each of a family's units is three numbers; a line for each number made half of a
report.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

STEP = "  "


def readable(value: object) -> str:
    """Return a value as JSON, indented, numbers and rows of them on one line; no line end after it.

    Args:
        value: Of dictionaries with text as keys, lists, text, numbers, truth values and None.
    """
    return "".join(_pieces(value, "\n"))


def _pieces(value: object, line: str) -> Iterator[str]:
    """Yield the text of a value that stands at some depth.

    Args:
        value: The value.
        line: A line end and the spaces of its depth.
    """
    inner = line + STEP
    if isinstance(value, dict) and value:
        for n, (key, item) in enumerate(value.items()):
            yield f"{'{' if not n else ','}{inner}{json.dumps(key)}: "
            yield from _pieces(item, inner)
        yield f"{line}}}"
    elif isinstance(value, list) and not all(map(_is_number_or_row, value)):
        for n, item in enumerate(value):
            yield f"{'[' if not n else ','}{inner}"
            yield from _pieces(item, inner)
        yield f"{line}]"
    else:
        yield json.dumps(value)


def _is_number_or_row(item: object) -> bool:
    if isinstance(item, list):
        return all(isinstance(one, int | float) for one in item)
    return isinstance(item, int | float)
