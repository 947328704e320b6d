"""Where do a report and its cards go on disk?"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from hubcheck.card import badge, family_tree, heat_svg, html, markdown, order_picture
from hubcheck.card.compose import compose
from hubcheck.card.document import Document
from hubcheck.card.given import from_a_file
from hubcheck.errors import UsageError, printable
from hubcheck.publish.readable_json import readable
from hubcheck.report.load import MAX_REPORT, regular
from hubcheck.report.schema import Report

if TYPE_CHECKING:
    from hubcheck.report.comparison import Comparison
    from hubcheck.report.history import History


def report_json(report: Report) -> str:
    """Return the report as stable, readable JSON."""
    return _readable(report)


EARLIER: Final = "earlier-report.json"
"""Where the report of another model is kept that lay where a new one is written."""


def keep_earlier(report: Report, folder: Path) -> str:
    """Keep a report of another model that is about to be replaced; return what to say of it.

    A report of the same model is replaced, which is said as well. Whatever else lies there under
    that name is no report, and is replaced without a word.
    """
    place = folder / "report.json"
    try:
        if not regular(place) or place.stat().st_size > MAX_REPORT:
            return ""
        known = json.loads(place.read_bytes())
        subject, day = str(known["subject"]["ref"]), str(known["finished"])[: len("2026-01-31")]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    if subject == report.subject.ref:
        return f"this replaces the report of {printable(day)} in {printable(folder)}"
    try:
        place.replace(folder / EARLIER)
    except OSError:
        return f"this replaces the report of {printable(subject)} in {printable(folder)}"
    kept = printable(folder / EARLIER)
    return f"the report of {printable(subject)} that was there is kept as {kept}"


def write_outputs(
    report: Report, folder: Path, *, given: bool = False, pictures: bool = False
) -> dict[str, Path]:
    """Write the report, the cards, the badge and the pictures; return their paths.

    A report that was ``given`` as a file, and not made by this run, is marked as such on its cards.
    ``pictures`` writes PNG beside SVG, light and dark: half a second that no check waits for.

    Each file is written beside its place and moved there, so a reader never sees half of one.

    Raises:
        UsageError: the folder cannot be written to.
    """
    document = from_a_file(compose(report)) if given else compose(report)
    contents: dict[str, str | bytes] = {
        "report.json": report_json(report),
        "card.md": markdown.render(document),
        "card.html": html.render(document),
        "badge.svg": badge.svg(report),
        "badge.json": badge.endpoint(report),
        "family-tree.svg": family_tree.svg(report),
    }
    # Only where tensors were held against each other, and orders were tested.
    drawn: dict[str, str | bytes] = {
        "changes.svg": heat_svg.svg(report),
        "order.svg": order_picture.svg(report),
    }
    if pictures:
        from hubcheck.card import heat_png, order_png

        for dark in (False, True):
            end = "-dark.png" if dark else ".png"
            drawn |= {
                f"changes{end}": heat_png.png(report, dark=dark),
                f"order{end}": order_png.png(report, dark=dark),
            }
    return _write_all(contents | {name: data for name, data in drawn.items() if data}, folder)


def comparison_json(found: Comparison) -> str:
    """Return a comparison as stable, readable JSON."""
    return _readable(found)


def write_comparison(found: Comparison, folder: Path) -> tuple[Path, ...]:
    """Write a comparison and its cards; return their paths.

    Raises:
        UsageError: the folder cannot be written to.
    """
    from hubcheck.card.comparison import compose as composed  # no check makes one

    return _write_documents("comparison", comparison_json(found), composed(found), folder)


def history_json(found: History) -> str:
    """Return a chain of states as stable, readable JSON."""
    return _readable(found)


def write_history(found: History, folder: Path) -> tuple[Path, ...]:
    """Write a chain of states and its cards; return their paths.

    Raises:
        UsageError: the folder cannot be written to.
    """
    from hubcheck.card.history import compose as composed

    return _write_documents("history", history_json(found), composed(found), folder)


def _readable(found: BaseModel) -> str:
    return f"{readable(found.model_dump(mode='json'))}\n"


def _write_documents(name: str, text: str, document: Document, folder: Path) -> tuple[Path, ...]:
    contents = {
        f"{name}.json": text,
        f"{name}.md": markdown.render(document),
        f"{name}.html": html.render(document),
    }
    return tuple(_write_all(contents, folder).values())


def check_writable(folder: Path) -> None:
    """See to it that a folder can be written to, or made; nothing of it is left behind.

    Raises:
        UsageError: it cannot.
    """
    there = folder.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise not_writable(folder, error) from error


def not_writable(folder: Path, error: OSError) -> UsageError:
    """Return the error for a folder that takes no files."""
    return UsageError(
        f"Nothing can be written to '{printable(folder)}': {error.strerror}.",
        cause="--out names a place without room or rights.",
        next_step="choose another.",
    )


def _write_all(contents: Mapping[str, str | bytes], folder: Path) -> dict[str, Path]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in contents.items():
            write_atomically(folder / name, data)
    except OSError as error:
        raise not_writable(folder, error) from error
    return {name: folder / name for name in contents}


def write_atomically(path: Path, data: str | bytes) -> None:
    """Replace a file by new text or bytes in one step."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
