"""What does the server show to whoever runs it: the queue, and the last verdicts?

One self-contained page, no script; every name in it was chosen by a stranger and is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from hubcheck.card.compose import TONES
from hubcheck.card.document import Tone
from hubcheck.card.escaping import html_attribute, html_text
from hubcheck.card.html import SHORT, page
from hubcheck.report.words import DeclarationVerdict
from hubcheck.serve.asked import REF
from hubcheck.serve.job import Job, State

SHOWN: Final = 50
"""Rows of each table."""
NOTE_LIMIT: Final = 240
_STATE_TONES: Final = {State.DONE: Tone.PLAIN, State.SKIPPED: Tone.MUTED, State.FAILED: Tone.BAD,
                       State.RUNNING: Tone.PLAIN, State.WAITING: Tone.MUTED}  # fmt: skip
_VERDICTS: Final = {verdict.value: verdict for verdict in DeclarationVerdict}
LOUD: Final = frozenset({DeclarationVerdict.CONTRADICTED, DeclarationVerdict.UNDECLARED})
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400


def queue_page(
    counts: Mapping[State, int],
    unfinished: Sequence[Job],
    ended: Sequence[Job],
    *,
    now: float,
    cards: frozenset[int],
) -> str:
    """Return the page.

    Args:
        counts: Jobs by state.
        unfinished: What runs and waits, in order.
        ended: What ended, newest first.
        now: Seconds since 1970.
        cards: Jobs whose card can be opened.
    """
    loud = needing_attention(ended)
    summary = ", ".join(f"{counts[state]} {state.value}" for state in State)
    body = (
        '<p class="top"><span>hubcheck serve</span>'
        f"<span>{_time(now)}</span></p>\n"
        f"<h1>{_headline(counts, len(loud))}</h1>\n"
        f'<p class="lead">{html_text(summary)}.</p>\n'
        + _attention(loud, now, cards)
        + "<h2>Queue</h2>\n"
        + _table(
            ("model", "ref", "commit", "state", "arrived", "what happened"),
            [_unfinished_row(job, now) for job in unfinished],
            "Nothing waits.",
        )
        + "<h2>Last verdicts</h2>\n"
        + _table(
            ("model", "ref", "commit", "verdict", "ended", "what happened"),
            [_ended_row(job, now, cards) for job in ended[:SHOWN]],
            "Nothing was checked yet.",
        )
    )
    return page(title="hubcheck serve", tone=Tone.BAD if loud else Tone.PLAIN, body=body)


def needing_attention(ended: Sequence[Job]) -> tuple[Job, ...]:
    """Return the jobs that somebody should look at, newest first.

    The last one of each branch of a model: where a verdict fails a policy by default, or nothing
    came of the check. What a later push has settled is over, and a skipped push settles nothing;
    what a visitor asked for is the visitor's.
    """
    newest: dict[tuple[str, str], Job] = {}
    for job in ended:
        if job.state is not State.SKIPPED and not job.push.ref.startswith(REF):
            newest.setdefault((job.push.repo, job.push.ref), job)
    return tuple(j for j in newest.values() if j.state is State.FAILED or j.verdict in LOUD)


def _attention(loud: Sequence[Job], now: float, cards: frozenset[int]) -> str:
    if not loud:
        return ""
    head = ("model", "ref", "commit", "verdict", "ended", "what happened")
    rows = [_ended_row(job, now, cards) for job in loud[:SHOWN]]
    return "<h2>Needs attention</h2>\n" + _table(head, rows, "")


def _headline(counts: Mapping[State, int], loud: int) -> str:
    busy, waiting = counts[State.RUNNING], counts[State.WAITING]
    if loud:
        return f"{loud} need{'s' * (loud == 1)} a look"
    if not busy and not waiting:
        return "Nothing to do"
    return f"{busy} running, {waiting} waiting"


def _unfinished_row(job: Job, now: float) -> list[str]:
    chip = _chip(job.state.value, _STATE_TONES[job.state])
    return [*_where(job), chip, _ago(job.received, now), _note(job)]


def _ended_row(job: Job, now: float, cards: frozenset[int]) -> list[str]:
    verdict = _VERDICTS.get(job.verdict)
    if verdict is not None:
        chip = _chip(verdict.value, TONES[verdict])
        if job.id in cards:
            chip += f' <a class="short" href="cards/{job.id}">card</a>'
    else:
        chip = _chip(job.state.value, _STATE_TONES[job.state])
    return [*_where(job), chip, _ago(job.finished, now), _note(job)]


def _note(job: Job) -> str:
    return f"<bdi>{html_text(job.note, limit=NOTE_LIMIT)}</bdi>" if job.note else ""


def _where(job: Job) -> list[str]:
    push = job.push
    ref = f"pull request {push.pull_request}" if push.pull_request else push.ref.rpartition("/")[2]
    if push.ref.startswith(REF):
        ref = "asked on the page"
    return [
        f"<bdi{_short(push.repo)}>{html_text(push.repo)}</bdi>",
        f'<span class="short">{html_text(ref)}</span>',
        f'<code class="short">{html_text(push.new_sha[:7])}</code>',
    ]


def _short(text: str) -> str:
    """Return the class that keeps a short name on one line."""
    return ' class="short"' if len(text) <= SHORT else ""


def _chip(text: str, tone: Tone) -> str:
    return f'<span class="chip {tone.value} short">{html_text(text)}</span>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> str:
    if not rows:
        return f'<p class="note">{empty}</p>\n'
    titles = "".join(f'<th scope="col">{html_text(name)}</th>' for name in head)
    lines = "\n".join(
        "<tr>"
        + "".join(
            f'<td data-label="{html_attribute(name)}"><div>{cell}</div></td>'
            for name, cell in zip(head, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll stack"><table>\n<thead><tr>{titles}</tr></thead>\n'
        f"<tbody>\n{lines}\n</tbody>\n</table></div>\n"
    )


def _time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return f'<time datetime="{moment.isoformat()}">{moment:%Y-%m-%d %H:%M:%S} UTC</time>'


def _ago(seconds: float, now: float) -> str:
    age = max(0, round(now - seconds))
    if age < _MINUTE:
        words = f"{age} s ago"
    elif age < _HOUR:
        words = f"{age // _MINUTE} min ago"
    elif age < _DAY:
        words = f"{age // _HOUR} h ago"
    else:
        words = f"{age // _DAY} d ago"
    moment = datetime.fromtimestamp(seconds, UTC)
    return f'<time class="short" datetime="{moment.isoformat()}">{words}</time>'
