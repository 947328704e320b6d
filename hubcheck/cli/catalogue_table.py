"""How are the answers of ``hubcheck catalogue`` shown: as a table, as JSON?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hubcheck.card.escaping import plain_text
from hubcheck.card.table import columns
from hubcheck.catalogue.answer import Answer
from hubcheck.catalogue.entry import Entry, Standing
from hubcheck.catalogue.index import NearFamily
from hubcheck.catalogue.journal import Failure
from hubcheck.catalogue.manifest import Manifest
from hubcheck.errors import counted
from hubcheck.statistics.planted import NOT_DETECTABLE

HEAD: Final = ("", "family", "nearest in it", "z channels", "z tokens", "models", "first seen")
LISTED: Final = 40
"""Families that ``show`` lists."""


def answer_text(answer: Answer, place: str) -> str:
    """Return the table of the nearest families, and what it is worth."""
    name = plain_text(str(answer.subject))
    lines = [f"{name} against {counted(answer.n_models, 'model')} of {plain_text(place)}", ""]
    rows = tuple(_row(i, f, answer) for i, f in enumerate(answer.families, start=1))
    lines += columns(HEAD, rows) if rows else ["The catalogue holds no family."]
    lines += ["", _standing_out(answer), _would_have_seen(answer)]
    own = f"{answer.bytes_read:,} bytes of the model in {counted(answer.requests, 'request')}"
    asked = counted(answer.catalogue_requests, "request")
    held = f"{answer.catalogue_bytes:,} of the catalogue in {asked}"
    lines += [
        f"Read {own}, and {held}. The search was made on this machine.",
        f"Test it: hubcheck check {plain_text(answer.subject.ref)} --suspect catalogue",
        "A sketch proposes. It is no finding, and it does not say who came first.",
    ]
    return "\n".join(lines) + "\n"


def _row(place: int, family: NearFamily, answer: Answer) -> tuple[str, ...]:
    nearest = family.nearest
    mark = str(place) if family.z >= answer.threshold else "-"
    held = f" ({len(family.quarantined)} in quarantine)" if family.quarantined else ""
    return (
        mark,
        plain_text(family.root.entry.ref),
        plain_text(nearest.entry.ref),
        f"{nearest.score.channels:.1f}",
        f"{nearest.score.tokens:.1f}",
        f"{len(family.members):,}{held}",
        nearest.entry.first_seen[:10],
    )


def _standing_out(answer: Answer) -> str:
    found = len(answer.standing_out)
    bar = f"z above {answer.threshold:.1f}, which no stranger among so many models is expected of"
    if not found:
        return f"No family stands out ({bar})."
    return f"{counted(found, 'family', 'families')} stand{'' if found > 1 else 's'} out ({bar})."


def _would_have_seen(answer: Answer) -> str:
    plain, turned = answer.seen.plain, answer.seen.turned
    first = (
        f"A copy that keeps {plain:.1f} of one of them would have stood out"
        if plain < NOT_DETECTABLE
        else "Not even a full copy of one of them would have stood out: too little was read"
    )
    second = (
        f"; with its channels relabelled or turned, one that keeps {turned:.1f}."
        if turned < NOT_DETECTABLE
        else "; with its channels relabelled or turned, none (no tokens to see it through)."
    )
    return first + second + " New embeddings and turned channels together hide a copy."


def answer_values(answer: Answer) -> dict[str, Any]:
    """Return the answer as JSON has it."""
    return {
        "subject": {"ref": answer.subject.ref, "revision": answer.subject.revision},
        "models": answer.n_models,
        "threshold": round(answer.threshold, 2),
        "families": [_family(f, answer) for f in answer.families],
        "would_have_seen": {
            "kept": _kept(answer.seen.plain),
            "kept_turned": _kept(answer.seen.turned),
        },
        "bytes_read": answer.bytes_read,
        "requests": answer.requests,
        "catalogue_bytes_read": answer.catalogue_bytes,
        "catalogue_requests": answer.catalogue_requests,
    }


def _kept(value: float) -> float | None:
    return value if value < NOT_DETECTABLE else None


def _family(family: NearFamily, answer: Answer) -> dict[str, Any]:
    return {
        "family": family.root.entry.ref,
        "stands_out": family.z >= answer.threshold,
        "members": len(family.members),
        "quarantined": [n.entry.ref for n in family.quarantined],
        "nearest": [
            {
                "ref": near.entry.ref,
                "revision": near.entry.revision,
                "z_channels": round(near.score.channels, 2),
                "z_tokens": round(near.score.tokens, 2),
                "weights_digest": near.entry.digest,
                "first_seen": near.entry.first_seen,
                "created": near.entry.created,
            }
            for near in family.members[:LISTED]
        ],
    }


def shown_text(
    place: str,
    manifest: Manifest,
    entries: Sequence[Entry],
    counts: Mapping[str, int],
    failures: Sequence[Failure],
    *,
    every: bool,
) -> str:
    """Return what a catalogue holds; ``every`` lists models and not families."""
    models, families = len(entries), counted(counts["root"], "family", "families")
    held = f"{counts['quarantined']:,} in quarantine"
    parts = counted(len(manifest.generations), "part")
    lines = [
        f"{plain_text(place)}: {counted(models, 'model')} in {families}, {held}",
        f"version {manifest.version}, {parts}, last entry {plain_text(manifest.updated)}",
        "",
    ]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    if every:
        head = ("model", "standing", "family", "first seen", "digest")
        rows = tuple(
            (
                plain_text(e.ref),
                e.standing.value,
                plain_text(e.family),
                e.first_seen,
                e.digest[:12],
            )
            for e in entries
        )
    else:
        head = ("family", "members", "in quarantine", "first seen")
        rows = _families(entries)
    lines += columns(head, rows[:LISTED]) if rows else ["nothing"]
    lines += [f"and {len(rows) - LISTED:,} more"] if len(rows) > LISTED else []
    if failures:
        lines += ["", f"{counted(len(failures), 'model')} failed in the last run:"]
        lines += [
            f"  {plain_text(f.asked)}: {f.reason.replace('-', ' ')}: "
            f"{plain_text(f.what, limit=200)}"
            for f in failures[:LISTED]
        ]
    return "\n".join(lines) + "\n"


def _families(entries: Sequence[Entry]) -> tuple[tuple[str, ...], ...]:
    members: dict[str, list[Entry]] = {}
    for e in entries:
        members.setdefault(e.family, []).append(e)
    rows = []
    for family, models in members.items():
        held = sum(e.standing is Standing.QUARANTINED for e in models)
        first = min(e.first_seen for e in models)
        rows.append((plain_text(family), f"{len(models) - held:,}", f"{held:,}", first))
    return tuple(sorted(rows, key=lambda r: -int(r[1].replace(",", ""))))


def shown_json(
    manifest: Manifest,
    entries: Sequence[Entry],
    counts: Mapping[str, int],
    failures: Sequence[Failure],
) -> str:
    """Return what a catalogue holds as JSON."""
    return json.dumps(
        {
            "models": manifest.n_models,
            "sketch": manifest.version,
            "updated": manifest.updated,
            **counts,
            "entries": [json.loads(e.line()) for e in entries],
            "failures": [{"asked": f.asked, "reason": f.reason, "what": f.what} for f in failures],
        },
        indent=2,
    )
