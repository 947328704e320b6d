"""What does one comment say of several models?

A table with a line for each, what changed since the last push, and then each model's own answer,
folded. The line stays whatever the length; the answers share what is left of the room.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubcheck.card.document import Line, raw_text
from hubcheck.card.escaping import code_element, markdown_code, markdown_text
from hubcheck.card.sentences import title
from hubcheck.frozen import frozen
from hubcheck.publish.github.answer import SEVERITY
from hubcheck.publish.github.body import LIMIT, Links, page
from hubcheck.publish.github.state import MODELS_KEPT, ModelState, State, marker
from hubcheck.report.schema import Report
from hubcheck.report.words import Conclusion, DeclarationVerdict
from hubcheck.verdict.gate import GateState

LEAST_ANSWER: Final = 3_000
"""Bytes below which a folded answer says too little to be worth its heading."""


@frozen
class Entry:
    """One of several models, and what came of it."""

    model: str
    """As the workflow names it, or as its folder is called."""
    report: Report | None
    """None where it could not be checked at all."""
    state: GateState
    failure: str = ""
    """Why it could not be checked; hostile."""
    note: Line = ()

    @property
    def conclusion(self) -> Conclusion:
        """Of the report; a model that could not be checked is neutral."""
        return self.report.conclusion if self.report is not None else Conclusion.NEUTRAL


def state_of_many(entries: Sequence[Entry], *, commit: str, run: int) -> State:
    """Return what the next run should know about this one."""
    worst = max(entries, key=lambda e: SEVERITY[e.conclusion])
    verdict = worst.report.verdict if worst.report is not None else DeclarationVerdict.INCONCLUSIVE
    return State(
        verdict=verdict,
        conclusion=worst.conclusion,
        commit=commit,
        run=run,
        models=tuple(
            ModelState(
                model=_plain(e.model), said=e.report.verdict.value if e.report is not None else ""
            )
            for e in entries[:MODELS_KEPT]
        ),
    )


def many_page(
    entries: Sequence[Entry],
    *,
    before: State | None = None,
    links: Links | None = None,
    limit: int = LIMIT,
) -> str:
    """Return the answer about several models, at most ``limit`` bytes.

    Args:
        entries: In the order of the table.
        before: What the last comment said.
        links: Where to find the commit and the run.
        limit: Bytes of UTF-8.
    """
    parts = [f"### hubcheck: {_heading(entries)}", _table(entries)]
    changed = _changes(entries, before)
    if changed:
        parts.append("**Since the last push:**\n\n" + "\n".join(f"- {line}" for line in changed))
    end = links.line() if links else ""
    used = len("\n\n".join([*parts, end]).encode()) + 200
    answers = [e for e in entries if e.report is not None]
    # Those that fail come first where not all fit.
    answers.sort(key=lambda e: -SEVERITY[e.conclusion])
    room = limit - used
    fitting = answers[: max(0, room // LEAST_ANSWER)]
    parts += [_folded(entry, room // len(fitting) - 200) for entry in fitting]
    if len(fitting) < len(answers):
        parts.append("Left out for length, complete in the artifact: the other answers.")
    return "\n\n".join([*parts, end] if end else parts) + "\n"


def many_body(
    entries: Sequence[Entry],
    *,
    comment_id: str,
    state: State,
    before: State | None,
    links: Links,
    limit: int = LIMIT,
) -> str:
    """Return the whole comment, marker first."""
    begin = marker(comment_id, state) + "\n"
    return begin + many_page(entries, before=before, links=links, limit=limit - len(begin))


def _heading(entries: Sequence[Entry]) -> str:
    counted = {s: sum(e.state is s for e in entries) for s in GateState}
    said = [
        f"{counted[GateState.FAILURE]} of {len(entries)} models fail"
        if counted[GateState.FAILURE]
        else f"none of {len(entries)} models fails"
    ]
    if counted[GateState.ERROR]:
        said.append(f"{counted[GateState.ERROR]} could not be compared")
    return ", ".join(said)


def _table(entries: Sequence[Entry]) -> str:
    lines = ["| model | result | status |", "|---|---|---|"]
    for entry in entries:
        if entry.report is not None:
            said = markdown_text(raw_text(title(entry.report)), limit=300)
        else:
            said = f"not checked: {markdown_text(entry.failure, limit=300)}"
        lines.append(f"| {markdown_code(entry.model, limit=120)} | {said} | {entry.state.value} |")
    return "\n".join(lines)


def _folded(entry: Entry, limit: int) -> str:
    if entry.report is None:
        return ""
    text = page(entry.report, note=entry.note, limit=limit).replace("### hubcheck: ", "#### ", 1)
    heading = f"{code_element(entry.model, limit=120)}: {entry.report.verdict.value}"
    return f"<details>\n<summary>{heading}</summary>\n\n{text}\n</details>"


def _changes(entries: Sequence[Entry], before: State | None) -> list[str]:
    if before is None or not before.models:
        return []
    last = {m.model: m.said for m in before.models}
    found = []
    for entry in entries:
        now = entry.report.verdict.value if entry.report is not None else ""
        was = last.pop(_plain(entry.model), None)
        if was is None:
            found.append(f"{markdown_code(entry.model, limit=120)}: new, {now or 'not checked'}")
        elif was != now:
            told = f"{_word(was) or 'not checked'}, now {now or 'not checked'}"
            found.append(f"{markdown_code(entry.model, limit=120)}: {told}")
    found += [f"{markdown_code(name, limit=120)}: no longer checked" for name in last]
    return found or ["the same results."]


def _word(said: str) -> str:
    return said if said in {v.value for v in DeclarationVerdict} else ""


def _plain(name: str) -> str:
    return name[:120].encode("utf-8", "replace").decode()
