"""Why was a base not tested, or why does what was tested not decide?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording, joined
from hubcheck.report.phrases import PhraseCode as P


def _subject(given: Given) -> str:
    fit = f"; {given.said('fit')}" if given.has("fit") else ""
    return f"subject: {given.said('why')}{fit}"


def _no_order(given: Given) -> str:
    why = given.said("self_test")
    return "no shared order" + (f": the base fails its self-test ({why})" if why else "")


def _rest(given: Given) -> str:
    parts = given.names("parts")
    names = joined(parts)
    verb = "match" if len(parts) > 1 or names.endswith("s") else "matches"
    return f"the {names} {verb}; {given.said('rest')}"


def _body(given: Given) -> str:
    missing = ", ".join(given.names("missing"))
    said = f"only {given.figure('tested'):.0%} of the body could be tested"
    return said + (f"; not compared: {missing}" if missing else "")


def _other_shape(given: Given) -> str:
    said = f"other shape: {given.said('sizes')}" if given.has("sizes") else "other shape"
    why = given.said("self_test")
    if why:
        return f"{said}; the base fails its self-test ({why})"
    return f"{said}; {given.figure('tested'):.0%} of the body could be tested across that"


def _part_open(given: Given) -> str:
    return f"the {given.text('part')} is open: {given.said('why') or given.text('verdict')}"


HEADS: Final = {
    "eagle": "EAGLE draft head",
    "medusa": "Medusa heads",
    "speculator": "MLP speculator",
    "predictor": "predictor of further tokens",
    "task": "head for a task",
}
"""Heads that are published alone, by the codes of ``anatomy.lone_head.Head``."""


def _fit_words(given: Given) -> str:
    told = " and ".join(map(str, given.counts("widths")))
    match given.text("fits"):
        case "none":
            return f"its vectors are of width {told}, and the base holds none of words"
        case "yes":
            return f"the base has vectors of width {told} for words, as many models have"
        case _:
            return f"its vectors are of width {told}, and the base has none of that width for words"


def _fit_modules(given: Given) -> str:
    modules, fitting = given.count("modules"), given.count("fitting")
    if not modules:
        return "it holds no low-rank update that is understood"
    told = f"{fitting} of its {modules} modules fit the base by name and shape"
    return told if not fitting else f"{told}, as they would fit any model of this family"


UNOWNED: Final = {
    "pull-request": "anyone can open a pull request",
    "no-ref": "no branch or tag of it holds commit {commit}",
    "neither": "'{asked}' is neither a branch nor a tag of it",
    "not-among": "it is not among the {commits} latest of its commits",
    "silent": "this source cannot be asked",
    "refused": "{detail}",
}
"""By the codes of ``source.belonging.Unowned``, which a test holds these words to."""


def _proposal(given: Given) -> str:
    repo = given.text("repo")
    why = UNOWNED[given.text("why")].format_map(given.params)
    if given.text("standing") == "proposed":
        return f"a proposal to {repo}, not {repo}: {why}"
    return f"not established as a commit of {repo}: {why}"


FORMATS: Final = {
    "peft-adapter": "PEFT adapter: an adapter alone cannot prove its base",
    "lora-adapter": "LoRA adapter: an adapter alone cannot prove its base",
    "textual-inversion": "textual inversion: a few vectors cannot prove their base",
}
"""Formats of which more is said than their name; others are called what they call themselves."""


def _format(given: Given) -> str:
    name = given.text("format")
    return f"format: {FORMATS.get(name, name)}"


WORDS: Final[Mapping[P, Wording]] = {
    P.FIT_WORDS: _fit_words,
    P.FIT_MODULES: _fit_modules,
    P.NO_WEIGHTS_READ: "no weights were read",
    P.HEADERS_ONLY: "no weights are read at this depth",
    P.PROPOSAL: _proposal,
    P.GATED: "gated, and no token with access: {detail}",
    P.MISSING: "not found, or private: {detail}",
    P.NO_WEIGHTS: "holds no weights: {detail}",
    P.UNKNOWN_REVISION: "unknown revision: {detail}",
    P.UNREACHABLE: "the host could not be reached: {detail}",
    P.FORBIDDEN: "the host does not allow reading: {detail}",
    P.BUDGET: "needs more than --max-read allows: {detail}",
    P.HOSTILE: "its files contradict themselves: {detail}",
    P.FORMAT: _format,
    P.NOT_AVAILABLE: "LFS content not available: {detail}",
    P.INTERNAL: "a fault of hubcheck, please report it: {detail}",
    P.UNREADABLE: "unreadable: {detail}",
    P.SUBJECT: _subject,
    P.NO_SHARED_ORDER: _no_order,
    P.ORDER_WITHOUT_CONTENT: (
        "order agrees, the content is too weak to tell: a distant copy, a structured "
        "initialisation or a relabelling"
    ),
    P.START_OR_COPY: (
        "of the initial noise {bulk:.2f} is kept, of what training wrote {top:.2f}: the same "
        "initial weights or a weakened copy, the values do not tell which"
    ),
    P.REST_NOT_COMPARED: _rest,
    P.BODY_NOT_COMPARED: _body,
    P.TOWERS_DIFFER: ("the towers do not match; {missing:.0%} of the parameters were not compared"),
    P.PART_OPEN: _part_open,
    P.NO_POWER: "too little is comparable to have seen a copy",
    P.OTHER_SHAPE: _other_shape,
    P.SOME_TENSORS: "of the body {share:.0%}; of the rest no match is shown",
    P.ONE_ORDER: "a single order agrees, the rest does not",
    P.ASSUMED: lambda given: (
        "the order agrees, but that it is free is an assumption, by names and shapes alone, and "
        "nothing in the base controls it"
        if given.has("agrees")
        else "no order agrees, but that they are free is an assumption, by names and shapes alone; "
        "it never says that models are unrelated"
    ),
    P.BETWEEN: "something agrees, not enough to settle it",
    P.TABLE_TOO_SMALL: (
        "neurons match as in a disguised copy, but with the bases tried the table of {models} "
        "models allows a bound of {bound:.2g} only, and {needed} is needed"
    ),
    P.HEAD_ALONE: lambda given: (
        f"a head alone: {'the base' if given.text('side') == 'base' else 'this model'} holds no "
        f"body ({HEADS.get(given.text('head'), given.text('head'))})"
    ),
    P.NOT_IN_TABLE: (
        "neurons match as in a disguised copy, but the tables are of MLPs act(gate) * up and of "
        "MLPs without a gate, and this family is not known to have either"
    ),
    P.DOWN_NOT_READ: (
        "gate and up match as in a disguised copy, but down, which would decide, was not read: it "
        "needs more than --max-read leaves"
    ),
    P.BROKEN_OFF: (
        "no match is shown, and the look for a shuffled and rotated copy was broken off: {detail}"
    ),
}
