"""Which files does a repository get when a report is published on its model card?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hubcheck.card import heat_png, heat_svg, html, order_picture, order_png, section
from hubcheck.card.compose import compose
from hubcheck.card.given import from_a_file
from hubcheck.frozen import frozen
from hubcheck.publish.badge_files import badge_files
from hubcheck.publish.model_card import README, with_section

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

ORDER_SVG: Final = section.ORDER_FILE.replace(".png", ".svg")
HEAT_MAP_SVG: Final = section.HEAT_MAP_FILE.replace(".png", ".svg")
WHAT: Final = "the section, the badge and the report"
MAX_README: Final = 5_000_000
"""Bytes; longer cards are left alone. The longest in use have a few hundred kilobytes."""
MAX_OLD_REPORT: Final = 64_000_000
"""As for any report that is read back."""


@frozen
class Present:
    """What a repository holds now, as far as publishing has to know."""

    readme: bytes
    """Empty when there is none."""
    published: bytes
    """The report that was published before; empty when there is none."""
    newer: str
    """Its commit, if its weights are known to differ from the ones checked; else empty."""


def card_files(
    report: Report, document: bytes, present: Present, *, given: bool = False
) -> dict[str, bytes]:
    """Return the new content of every file that publishing touches, by path.

    Args:
        report: The report.
        document: The same report as it was written.
        present: What is there now.
        given: Whether the report came as a file that nobody here has replayed.

    Raises:
        CardRefusedError: the README cannot be edited without a risk.
    """
    document_of = compose(report)
    text = section.render(report, newer=present.newer, given=given)
    return {
        README: with_section(present.readme, text),
        section.REPORT_FILE: document,
        **badge_files(report, stale=bool(present.newer)),
        section.CARD_FILE: html.render(from_a_file(document_of) if given else document_of).encode(),
        **_heat_map(report),
        **_order(report),
    }


def _heat_map(report: Report) -> dict[str, bytes]:
    """Return the heat map as PNG, which the section shows, and as SVG; nothing without one."""
    png = heat_png.png(report)
    if not png:
        return {}
    return {section.HEAT_MAP_FILE: png, HEAT_MAP_SVG: heat_svg.svg(report).encode()}


def _order(report: Report) -> dict[str, bytes]:
    """Return the picture of the orders as PNG, which the section shows, and as SVG."""
    png = order_png.png(report)
    if not png:
        return {}
    return {section.ORDER_FILE: png, ORDER_SVG: order_picture.svg(report).encode()}


def outranked(report: Report, present: Present) -> str:
    """Return why what is published already shall stay, or ``""``.

    Two runs may publish in any order: a check of the weights that are there wins over one of
    weights that are gone, then the later check wins.
    """
    old = _summary(present.published)
    if old is None:
        return ""
    digest, finished = old
    ours = report.subject.weights_digest
    if present.newer and digest and digest != ours:
        return "a check of newer weights is published there already"
    if digest == ours and finished > report.finished:
        return "a later check of the same weights is published there already"
    return ""


def git_oid(data: bytes) -> str:
    """Return the id that git gives a file of these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def changed(files: Mapping[str, bytes], digests: Mapping[str, str]) -> dict[str, bytes]:
    """Return the files that differ from what is there.

    Args:
        files: New content by path.
        digests: sha256 or git id of what is there, by path.
    """
    return {
        path: data
        for path, data in files.items()
        if digests.get(path) not in {hashlib.sha256(data).hexdigest(), git_oid(data)}
    }


def _summary(published: bytes) -> tuple[str, str] | None:
    """Return weights digest and time of an earlier report; anything else is no report."""
    try:
        old: Any = json.loads(published)
        digest, finished = old["subject"]["weights_digest"], old["finished"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not isinstance(digest, str) or not isinstance(finished, str):
        return None
    return digest, finished
