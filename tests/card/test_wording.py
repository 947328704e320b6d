"""Is everything that can be said said in words, in one place, and never read back?"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

import pytest

import hubcheck
from hubcheck.anatomy.lone_head import Head
from hubcheck.candidates.disclosure_signs import Item
from hubcheck.candidates.documents import Problem
from hubcheck.candidates.repository_name import NameProblem
from hubcheck.card import html, markdown, wording
from hubcheck.card.compose import compose
from hubcheck.card.context_section import ITEMS
from hubcheck.card.escaping import html_text, markdown_text
from hubcheck.card.wording import WORDS, brief, power_words, sentence, words
from hubcheck.card.wordings import declaration, evidence, looks, reasons, relation, replays, units
from hubcheck.card.wordings.given import layers, spans
from hubcheck.check.observe import COMPONENTS
from hubcheck.checkpoint.pair_order import PairOrder
from hubcheck.evidence.looks.merge.kind import MergeKind
from hubcheck.evidence.looks.merge.look import MERGE
from hubcheck.evidence.looks.registry import LOOKS
from hubcheck.evidence.looks.whole.pairing import Lost
from hubcheck.evidence.looks.whole.rank import Untold
from hubcheck.evidence.orders.mlps import BY_KIND
from hubcheck.evidence.refused import LookReason
from hubcheck.report.phrases import Phrase, PhraseCode, Value, because, codes, phrase, text
from hubcheck.report.schema import Power
from hubcheck.report.words import DeclarationVerdict, ReasonCode
from hubcheck.source.belonging import Unowned
from hubcheck.statistics.exchangeability import Disorder
from hubcheck.verdict.differences import Open
from tests.card import reports
from tests.card.phrases_made import MADE

PACKAGE: Final = Path(hubcheck.__file__).parent
ROOT: Final = PACKAGE.parent
SOURCES: Final = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "action").rglob("*.py")])
SAID: Final = frozenset(
    {"reason", "detail", "note", "notes", "power", "why", "words", "sentence", "warnings"}
    | {"limits", "direction_reason", "disguise", "not_compared", "family", "what"}
)
"""Attributes that say something to a person."""
READING: Final = frozenset(
    {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition"}
    | {"split", "find", "search", "match", "fullmatch", "findall", "sub"}
)
"""Ways of reading a sentence."""


def test_every_code_has_words() -> None:
    """Nothing can be put into a report that a card cannot say."""
    assert set(WORDS) == set(PhraseCode)


def test_every_reason_has_a_phrase_of_its_name() -> None:
    """A reason code is said by ``because``, but for the one that gives none."""
    for code in ReasonCode:
        said = because(code)
        assert bool(said) is (code is not ReasonCode.NONE)
        assert all(one.code is not PhraseCode.UNKNOWN for one in said), code


@pytest.mark.parametrize("code", sorted(PhraseCode))
def test_every_phrase_is_said_with_the_parameters_that_its_makers_give(code: PhraseCode) -> None:
    """The words hold every figure and name, and none of the marks of a phrase that does not fit."""
    for params, expected in MADE[code]:
        assert words(Phrase(code, params)) == expected


@pytest.mark.parametrize("code", sorted(PhraseCode))
def test_a_phrase_that_does_not_fit_is_shown_as_it_stands(code: PhraseCode) -> None:
    """A report is a file that anyone can write: no parameter of it ends the making of a card."""
    wrong: tuple[Value, ...] = ("x", 10**40, -1, float("nan"), float("inf"), True, (), ("a",), (1,))
    for params, _ in MADE[code]:
        for value in wrong:
            forged = Phrase(code, dict.fromkeys(params, value))
            assert isinstance(words(forged), str)
        assert isinstance(words(Phrase(code, {})), str)


def looks_asked() -> set[str]:
    """Return the names of everything that looks."""
    beside = {MERGE.name, COMPONENTS.name, "adapter", "held-change", "kin", "tensor-names"}
    return {look.name for look in LOOKS} | beside


def reasons_of_looks() -> set[str]:
    """Return why looks could not be taken: what all share, and what each has beside it."""
    return {code for kind in LookReason.__subclasses__() for code in kind}


def test_every_look_with_words_is_one() -> None:
    """No look has words that nothing is called by."""
    assert set(looks.LOOKS) <= looks_asked()


@pytest.mark.parametrize(
    ("codes_made", "said"),
    [
        (reasons_of_looks(), set(looks.WHY)),
        (set(Disorder), set(units.PROBLEMS)),
        (set(Problem), {*declaration.DOCUMENTS, Problem.NOT_OBJECT, Problem.NOT_YAML}),
        (set(get_args(NameProblem)), set(declaration.NAMES)),
        (set(Item), set(ITEMS)),
        (set(Open), set(replays.OPEN)),
        (set(BY_KIND), set(units.NEURONS)),
        (set(Lost), set(looks.LEFT)),
        (set(PairOrder), set(looks.PAIR_ORDERS)),
        (set(Untold), set(evidence.UNTOLD)),
        (set(MergeKind), set(relation.RULES)),
        (set(Head), set(reasons.HEADS)),
        (set(Unowned), set(reasons.UNOWNED)),
    ],
    ids=[
        "why",
        "order",
        "document",
        "name",
        "disclosure",
        "replay",
        "mlp",
        "left",
        "pair",
        "rank",
        "merge",
        "head",
        "commit",
    ],
)
def test_every_code_among_parameters_has_words(codes_made: set[str], said: set[str]) -> None:
    """What a maker may give as a parameter is said, and nothing else has words."""
    assert set(map(str, codes_made)) == set(map(str, said))


def test_a_phrase_of_a_newer_version_shows_what_it_was_said_with() -> None:
    """Its words are not known here; its figures are not lost."""
    assert "share=0.5" in words(phrase(PhraseCode("of.the-future"), share=0.5))


@pytest.mark.parametrize(
    "hostile", ["<img src=x>", "[a](javascript:b)", "`x` | y", "\x1b[2J", "@all"]
)
def test_names_of_strangers_are_escaped_on_the_card(hostile: str) -> None:
    """Words are raw text; every renderer escapes the whole."""
    named = phrase(PhraseCode.ONLY_ONE_SIDE, side="base", roles=(hostile,))
    finding = reports.matching(notes=(named,), reason=(text(hostile),))
    report = reports.report(DeclarationVerdict.UNDECLARED, finding, warnings=(named,))
    page, comment = html.render(compose(report)), markdown.render(compose(report))
    assert html_text(words(named)) in page
    assert markdown_text(words(named)) in comment


def test_power_is_said_as_far_as_it_is_known() -> None:
    """Each figure that is missing leaves its clause out; nothing known says nothing."""
    assert power_words(None) == power_words(Power()) == ""
    assert power_words(Power(stated=(text("as it was"),))) == "as it was"
    assert power_words(Power(would_be_seen=0.05)) == (
        "a copy of similarity 0.05 or more in these layers would have been seen, assuming it was not "
        "shuffled and rotated"
    )
    full = Power(
        would_be_seen=0.07, would_be_related=0.18, copied_share=0.04, searched=True, rearranged=0.25
    )
    assert power_words(full) == (
        "a copy of similarity 0.07 or more in any layer would have been seen, and so would 4% of the "
        "body's units copied exactly; one of similarity 0.18 or more would have been called related; "
        "one that was shuffled and rotated would have from 0.25 on, had it kept its embeddings"
    )


def test_clauses_are_joined_and_cut_for_a_cell() -> None:
    """A cell shows a short reason whole, of a long one what stands before its detail."""
    gated = because(ReasonCode.GATED, detail="Access to the model acme/base is restricted.")
    assert brief(gated) == "gated, and no token with access"
    assert brief(because(ReasonCode.BETWEEN)) == sentence(because(ReasonCode.BETWEEN))
    assert sentence((phrase(PhraseCode.EMBEDDINGS_REBUILT), *because(ReasonCode.ONE_ORDER))) == (
        "embeddings rebuilt; a single order agrees, the rest does not"
    )


def test_runs_of_layers_are_told_short() -> None:
    """One, several, a run; in the order given for places."""
    assert layers((3,)) == "layer 3"
    assert layers((7, 3)) == "layers 3 and 7"
    assert layers(range(8, 24)) == "layers 8-23"
    assert layers((1, 2)) == "layers 1, 2"
    assert spans((0, 1, 2, 1, 2, 3)) == ("0-2", "1-3")


def test_codes_are_found_inside_phrases() -> None:
    """What the subject's own budget refuses is found behind its side."""
    said = because(ReasonCode.SUBJECT, why=because(ReasonCode.BUDGET, detail="x"))
    assert codes(said) == {PhraseCode.SUBJECT, PhraseCode.BUDGET}


def test_words_are_made_by_the_card_alone() -> None:
    """No other part of the package makes a sentence of a phrase but what prints a result."""
    printing = {"cli", "demo", "card"}
    found = {
        path.relative_to(PACKAGE).parts[0]
        for path in PACKAGE.rglob("*.py")
        if "from hubcheck.card.wording" in path.read_text(encoding="utf-8")
    }
    assert found <= printing


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_sentence_is_read_back(path: Path) -> None:
    """No code looks for words in what is said: what is meant has a code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [f"line {line}" for line in read_back(tree)] == []


def test_reading_a_sentence_is_noticed() -> None:
    """The rule above sees the ways in which it was done before."""
    for code in (
        "'gated' in finding.reason",
        "finding.power.endswith(ASSUMING)",
        "PATTERN.search(row.note)",
        "any('x' in note for note in finding.notes)",
        "[m for m in (P.search(r.note) for r in rows)]",
        "for w in f.warnings:\n    if w.startswith('a'):\n        pass",
        "re.fullmatch(P, f.relation.detail)",
    ):
        assert list(read_back(ast.parse(code))), code
    for code in ("'--base' in f.proposed_by", "f.code in NOT_EXAMINED", "finding.reason == x"):
        assert not list(read_back(ast.parse(code))), code


def read_back(tree: ast.AST) -> Iterator[int]:
    """Yield the lines in which something said is searched, cut or matched."""
    named = {name for node in ast.walk(tree) for name in _loop_names(node)}
    for node in ast.walk(tree):
        match node:
            case ast.Compare(ops=ops, comparators=right):
                found = any(
                    isinstance(op, ast.In | ast.NotIn) and _says(what, named)
                    for op, what in zip(ops, right, strict=True)
                )
            case ast.Call(func=ast.Attribute(attr=name, value=owner), args=given):
                read = any(_says(one, named) for one in (owner, *given))
                found = name in READING and read
            case _:
                found = False
        if found and isinstance(node, ast.expr):
            yield node.lineno


def _loop_names(node: ast.AST) -> Iterator[str]:
    """Yield the names that a loop gives to the items of something said."""
    match node:
        case (
            ast.comprehension(target=ast.Name(id=name), iter=ast.Attribute(attr=attr))
            | ast.For(target=ast.Name(id=name), iter=ast.Attribute(attr=attr))
        ) if attr in SAID:
            yield name
        case _:
            return


def _says(node: ast.expr, named: set[str]) -> bool:
    match node:
        case ast.Attribute(attr=attr):
            return attr in SAID
        case ast.Name(id=name):
            return name in named
        case _:
            return False


def test_no_phrase_is_left_without_a_maker() -> None:
    """A code that nothing says is a code too many; a reason is said by its own name."""
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for path in SOURCES
        if "card" not in path.parts and path.name != "phrase_codes.py"
    )
    reasons = {f"reason.{code}" for code in ReasonCode}
    unsaid = {
        code.name
        for code in PhraseCode
        if f"PhraseCode.{code.name}" not in sources
        and f"Code.{code.name}" not in sources
        and code.value not in reasons
    }
    assert unsaid <= {"UNKNOWN"}


def test_the_words_of_a_template_need_no_more_than_its_own_names() -> None:
    """A template names parameters alone: none reaches into an object."""
    templates = [one for one in wording.WORDS.values() if isinstance(one, str)]
    for template in templates:
        assert not re.search(r"\{[^}:]*[.\[]", template), template


NAMES: Final = frozenset({"output head"})
"""Of roles, as the shares of what was not compared give them; no sentences."""


def said_by(call: ast.Call) -> str:
    """Return the name that a call goes by."""
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def literals_of(call: ast.Call) -> Iterator[str]:
    """Yield the texts written into the arguments of a call, inner calls apart."""
    found: list[ast.AST] = [*call.args, *(k.value for k in call.keywords)]
    while found:
        node = found.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif not isinstance(node, ast.Call):
            found += ast.iter_child_nodes(node)


def test_sentences_are_made_on_the_card_alone() -> None:
    """No phrase is said with a sentence, and no plain text is made: that code is of old reports."""
    plain = []
    worded = []
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(("hubcheck/card/", "hubcheck/report/")):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id in {"text", "clauses"}:
                plain.append((name, node.lineno))
            if said_by(node) in {"phrase", "because", "Phrase", "complain"}:
                worded += [(name, node.lineno, s) for s in literals_of(node) if " " in s.strip()]
    assert plain == []
    assert [one for one in worded if one[2] not in NAMES] == []


SEEING: Final = frozenset({"statistics", "anatomy", "evidence", "verdict", "candidates", "check"})
"""Rooms in which models are read, proposed, looked at and judged."""
SENTENCE: Final = 4
"""Words from which a text is one."""
NO_SENTENCES: Final = {
    "tensors that no rule understands": "a name among the roles that were not compared",
    "nomic_bert jina_embeddings_v3 xlm-roberta xlm-roberta-flash bert": "a list of names",
    "bailing_moe bailing_moe_v2 bailing_moe_linear bailing_hybrid": "a list of names",
    "x of x x": "a class of a library and its version",
    "x + MoE x of x": "a block of an architecture, beside others on the card",
    "x + dense x": "another",
    "embed x x x": "another",
    "head of another shape": "a name among the roles that the same values were not shown for",
    "Observation[T] | Refused | Skip": "a type",
}
BESIDE_THE_REPORT: Final = frozenset(
    {
        *("whole/meter.py", "check/prefetch.py"),
        *("candidates/disclosure_signs.py", "candidates/token_rows.py"),
        *("candidates/hub_index.py", "candidates/hub_lists.py"),
    }
)
"""What tells the terminal how far it is, patterns, and what an error says was asked."""


def sentences_in(tree: ast.Module) -> Iterator[str]:
    """Yield the texts of four words and more that are values: no docstrings, errors or progress."""
    apart: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Raise() | ast.Expr(value=ast.Constant()):
                apart |= set(map(id, ast.walk(node)))
            case ast.Assign(targets=[ast.Name(id="message" | "what" | "cause" | "next_step")]):
                apart |= set(map(id, ast.walk(node)))
            case ast.Call() as call:
                name = said_by(call)
                if name.endswith("Error") or name in {
                    "compile",
                    "progress",
                    "_progress",
                    "tell",
                    "TypeVar",
                }:
                    apart |= set(map(id, ast.walk(call)))
            case _:
                continue
    for node in ast.walk(tree):
        if id(node) in apart:
            continue
        if isinstance(node, ast.JoinedStr):
            apart |= set(map(id, ast.walk(node)))
            parts = (str(v.value) if isinstance(v, ast.Constant) else "x" for v in node.values)
            said = "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            said = node.value
        else:
            continue
        if len(said.split()) >= SENTENCE:
            yield said


def test_what_looks_and_judges_makes_no_sentence() -> None:
    """Whatever is seen leaves codes and figures; only errors and progress have words of their own."""
    found = {
        (path.relative_to(PACKAGE).as_posix(), said)
        for room in SEEING
        for path in (PACKAGE / room).rglob("*.py")
        for said in sentences_in(ast.parse(path.read_text(encoding="utf-8")))
        if not path.as_posix().endswith(tuple(BESIDE_THE_REPORT))
    }
    assert {one for one in found if one[1] not in NO_SENTENCES} == set()
    assert {said for _, said in found} == set(NO_SENTENCES), "an exception that nothing needs"


def test_a_sentence_among_values_is_noticed() -> None:
    """The rule above sees a reason in words, and lets errors and docstrings be."""
    for code in (
        "x = Refused(reason='the base has no such tensor')",
        "why = f'{n} of {m} rows have a duplicate'",
        "return 'row norms follow the index'",
    ):
        assert list(sentences_in(ast.parse(code))), code
    for code in (
        "raise ValueError('this is wrong in four words')",
        '"A docstring of more than four words."',
        "message = 'the parameters cannot be changed'",
    ):
        assert not list(sentences_in(ast.parse(code))), code
