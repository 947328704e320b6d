"""What does a visitor of the open page see: the form, a check that runs, its card?

Pages without a script; every name in them was typed by a stranger or chosen by one, and is escaped.
"""

from __future__ import annotations

from typing import Final

from hubcheck.card.document import GLOSSARY, Tone
from hubcheck.card.escaping import html_attribute, html_text
from hubcheck.card.html import page
from hubcheck.serve.asked import LONGEST, Question, written
from hubcheck.serve.job import Job, State

TITLE: Final = "hubcheck: do these weights come from where the card says?"
NOTE_LIMIT: Final = 300
QUESTIONS: Final = GLOSSARY.replace("glossary.md", "faq.md")
STYLE: Final = """
form{margin:1.4rem 0}
label{display:block;font-weight:600;margin:1rem 0 .3rem}
label span{font-weight:400;color:var(--soft)}
input{width:100%;font:inherit;padding:.6rem .7rem;border:1px solid var(--soft);border-radius:6px;
background:var(--paper);color:var(--ink)}
button{font:inherit;font-weight:600;margin-top:1.2rem;padding:.6rem 1.6rem;border:0;
border-radius:6px;background:var(--plain);color:var(--paper);cursor:pointer}
input:focus-visible,button:focus-visible{outline:2px solid var(--plain);outline-offset:2px}
.refused{padding:.8rem 1rem;border-left:3px solid var(--bad);background:var(--bad-wash);
color:var(--bad);border-radius:6px}
.bar{max-width:60rem;margin:1.2rem auto -1.4rem;padding:0 1rem;font-size:.875rem;
color:var(--soft)}
.bar pre{margin:.4rem 0}
@media (max-width:44rem){.bar{margin:.8rem auto}}
"""
_LEAD: Final = (
    "A model card says that a model was trained from scratch, or fine-tuned from another. This "
    "page tests that on the weights: some megabytes of each model are read, and a card says what "
    "was found, how sure that is, and what it does not mean."
)


def form_page(
    *, model: str = "", other: str = "", refused: str = "", waiting: int = 0, running: int = 0
) -> str:
    """Return the page with the form.

    Args:
        model: What stands in the first field.
        other: What stands in the second one.
        refused: Why a question was not taken, ``""`` on a first visit.
        waiting: Checks that wait.
        running: Checks that run.
    """
    alert = (
        f'<p class="refused" role="alert">{html_text(refused, limit=600)}</p>\n' if refused else ""
    )
    queue = f"{running} running, {waiting} waiting." if waiting or running else "Nothing waits."
    body = (
        '<p class="top"><span>hubcheck</span></p>\n'
        "<h1>Do these weights come from where the card says?</h1>\n"
        f'<p class="lead">{html_text(_LEAD, limit=len(_LEAD))}</p>\n{alert}'
        '<form method="post" action="check" autocomplete="off">\n'
        + _input("model", "A model on the Hub", "org/name, or the address of its page", model, True)
        + _input(
            "other",
            "A model it may come from",
            "may be empty: then the bases that its card names",
            other,
            False,
        )
        + '<button type="submit">Check</button>\n</form>\n'
        '<p class="note">Public models only; no account, nothing is downloaded to you. The result '
        "has an address that stays, and anybody can repeat it. "
        f"{html_text(queue)} It does not say who copied whom: "
        f'<a href="{html_attribute(QUESTIONS)}">how to read a card</a>, '
        f'<a href="{html_attribute(GLOSSARY)}">what its words mean</a>.</p>\n'
    )
    return page(
        title=TITLE, tone=Tone.BAD if refused else Tone.PLAIN, body=body, style=STYLE, forms=True
    )


def _input(name: str, label: str, hint: str, value: str, needed: bool) -> str:
    required = " required" if needed else ""
    typed = html_attribute(value, limit=LONGEST) if value else ""
    return (
        f'<label for="{name}">{html_text(label)} <span>{html_text(hint)}</span></label>\n'
        f'<input id="{name}" name="{name}" type="text" maxlength="{LONGEST}" spellcheck="false" '
        f'autocapitalize="off" value="{typed}"{required}>\n'
    )


def watch_page(question: Question, job: Job | None, *, before: int, said: str) -> str:
    """Return the page of a check that waits, runs, or did not end well.

    Args:
        question: What is asked.
        job: Its row in the queue, ``None`` where the queue has forgotten it.
        before: Checks that wait in front of it.
        said: The last line that the check wrote, or how it ended.
    """
    failed = job is None or job.state in {State.FAILED, State.SKIPPED}
    head, lead = _standing(job, before)
    body = (
        '<p class="top"><span>hubcheck</span></p>\n'
        f"<h1>{html_text(head)}</h1>\n"
        f'<p class="lead">{html_text(lead, limit=400)}</p>\n'
        f"{_named('Model', question)}{_named('May come from', question)}"
        + (f"<pre>{html_text(said, limit=NOTE_LIMIT)}</pre>\n" if said else "")
        + '<p class="note">This address stays: the card will be here. '
        '<a href="../">Check another model</a></p>\n'
    )
    return page(
        title=f"hubcheck: {head}", tone=Tone.BAD if failed else Tone.PLAIN, body=body, style=STYLE
    )


def _standing(job: Job | None, before: int) -> tuple[str, str]:
    if job is None:
        return "Not checked", "The queue no longer knows this check. Ask for it again."
    if job.state is State.WAITING:
        ahead = "It is the next one." if not before else f"{before} in front of it."
        return "Waiting", f"{ahead} This page looks again by itself."
    if job.state is State.RUNNING:
        return (
            "Checking",
            "The weights are read and held against each other. This page looks again by itself.",
        )
    if job.state is State.DONE:
        return "Checked", "The card is being put in its place."
    return "Not checked", "The check ended without a result, and says nothing about the model."


def _named(what: str, question: Question) -> str:
    shown = question.subject if what == "Model" else question.other
    if shown is None:
        return ""
    name = html_text(written(shown), limit=LONGEST)
    return f"<p>{html_text(what)}: <code><bdi>{name}</bdi></code></p>\n"


def card_page(card: str, *, address: str) -> str:
    """Return a card with the line above it that says where it stays and how to repeat it.

    Args:
        card: The page that the check wrote.
        address: Where this page is, as the visitor reached it.
    """
    bar = (
        f'<style>{STYLE}</style>\n<div class="bar"><p>This card stays at this address. '
        f'<a href="{html_attribute(address, limit=LONGEST)}/report.json" download>report.json</a>, '
        f'<a href="../">check another model</a>. Repeat it on your own machine:</p>'
        f"<pre>curl -O {html_text(address, limit=LONGEST)}/report.json\n"
        "hubcheck replay report.json</pre></div>\n"
    )
    head, body, rest = card.partition("<body>\n")
    return f"{head}{body}{bar}{rest}"
