"""Tests of licence flags: a table of parents and children, with the flags and clauses expected."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.card.wording import sentence, words
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.report.schema import Licence
from hubcheck.report.words import LicenceStatus as Status
from hubcheck.verdict.licence import Tie, check_licences, flag_of
from hubcheck.verdict.licence_rules import Stated
from hubcheck.verdict.licence_table import Rule, by_name, by_tag, by_text, licences

DECLARED = phrase(PhraseCode.BASIS_DECLARED, found=False)
ALL_FILES = ("LICENSE", "NOTICE", "USE_POLICY.md", "README.md", "model.safetensors")
LLAMA_TEXT = "LLAMA 3.1 COMMUNITY LICENSE AGREEMENT\nLlama 3.1 Version Release Date: July 23, 2024"
APACHE_TEXT = "  Apache License\n  Version 2.0, January 2004\n http://www.apache.org/licenses/"
MIT_TEXT = (
    "MIT License\nPermission is hereby granted, free of charge, to any person\n"
    "The above copyright notice and this permission notice shall be included"
)


def model(ref: str, tag: str = "", **facts: object) -> Stated:
    """Return a model whose files are known."""
    plain = Stated(ref=ref, tag=tag, files=ALL_FILES, card="")
    return replace(plain, **facts)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A child, its parent, and the flags it must get: (rule, clause) by status."""

    child: Stated
    parent: Stated
    attention: frozenset[tuple[str, str]] = frozenset()
    ok: frozenset[tuple[str, str]] = frozenset()
    unknown: frozenset[tuple[str, str]] = frozenset()
    declared: bool = True


def flags(*pairs: tuple[str, str]) -> frozenset[tuple[str, str]]:
    """Return expected flags."""
    return frozenset(pairs)


BARE = ("README.md", "model.safetensors")
PAIRS: dict[str, Pair] = {
    "llama 3.1 child relabelled apache": Pair(
        child=model("acme/chat-8b", "apache-2.0", files=BARE),
        parent=model("meta/llama", "llama3.1"),
        attention=flags(("name-prefix", "1.b.i"), ("same-licence", "1.b.i"),
                        ("licence-file", "1.b.i"), ("notice-file", "1.b.iii")),
        unknown=flags(("built-with", "1.b.i"), ("use-policy", "1.b.iv"), ("user-threshold", "2")),
    ),
    "llama 3.1 child in order": Pair(
        child=model("acme/Llama-3.1-Chat", "llama3.1", card="Built with Llama"),
        parent=model("meta/llama", "llama3.1"),
        ok=flags(("name-prefix", "1.b.i"), ("same-licence", "1.b.i"), ("licence-file", "1.b.i"),
                 ("notice-file", "1.b.iii"), ("built-with", "1.b.i"), ("use-policy", "1.b.iv")),
        unknown=flags(("user-threshold", "2")),
    ),
    "llama 3 wants its own number": Pair(
        child=model("acme/Llama-chat", "llama3"),
        parent=model("meta/llama", "llama3"),
        attention=flags(("name-prefix", "1.b.i")),
        ok=flags(("same-licence", "1.b.i"), ("licence-file", "1.b.i")),
        unknown=flags(("built-with", "1.b.i")),
    ),
    "llama 3 with its number": Pair(
        child=model("acme/llama_3-chat", "llama3", card="**Built with  Meta Llama 3**"),
        parent=model("meta/llama", "llama3"),
        ok=flags(("name-prefix", "1.b.i"), ("built-with", "1.b.i")),
    ),
    "llama 2 asks for no name": Pair(
        child=model("acme/alpaca", "llama2", files=BARE),
        parent=model("meta/llama", "llama2"),
        attention=flags(("licence-file", "1.b.i"), ("notice-file", "1.b.iii")),
        ok=flags(("same-licence", "1.b.i")),
    ),
    "llama 3.2 is worded as 3.1": Pair(
        child=model("acme/vision", "mit"),
        parent=model("meta/llama", "llama3.2"),
        attention=flags(("name-prefix", "1.b.i"), ("same-licence", "1.b.i")),
    ),
    "llama 3.3 child under 3.1": Pair(
        child=model("acme/llama-x", "llama3.1"),
        parent=model("meta/llama", "llama3.3"),
        ok=flags(("same-licence", "1.b.i"), ("name-prefix", "1.b.i")),
    ),
    "llama 4 by license_name": Pair(
        child=model("acme/scout", "other", name="llama-4-community-license"),
        parent=model("meta/llama", "llama4"),
        attention=flags(("name-prefix", "1.b.i")),
        ok=flags(("same-licence", "1.b.i")),
    ),
    "gemma child relabelled mit": Pair(
        child=model("acme/gem", "mit", files=BARE),
        parent=model("google/gemma", "gemma"),
        attention=flags(("same-licence", "3.1"), ("licence-file", "3.1"), ("notice-file", "3.1")),
        unknown=flags(("use-policy", "3.2")),
        ok=flags(("state-changes", "3.1")),
    ),
    "gemma child in order": Pair(
        child=model("acme/gem", "gemma", card="See the Gemma Prohibited Use Policy."),
        parent=model("google/gemma", "gemma"),
        ok=flags(("same-licence", "3.1"), ("licence-file", "3.1"), ("notice-file", "3.1"),
                 ("use-policy", "3.2")),
    ),
    "gemma 4 is apache": Pair(
        child=model("acme/gem", "apache-2.0"),
        parent=model("google/gemma-4", "apache-2.0", files=BARE),
        ok=flags(("licence-file", "4(a)"), ("keep-notice", "4(d)"), ("state-changes", "4(b)")),
    ),
    "mistral research made commercial": Pair(
        child=model("acme/large", "apache-2.0"),
        parent=model("mistralai/large", "other", name="mrl"),
        attention=flags(("non-commercial", "3.2"), ("same-licence", "2.3")),
        ok=flags(("notice-file", "2.2"), ("licence-file", "2.2")),
    ),
    "mistral non-production kept": Pair(
        child=model("acme/code", "other", name="mnpl"),
        parent=model("mistralai/code", "other", name="mnpl"),
        ok=flags(("non-commercial", "3.2"), ("same-licence", "2.3")),
    ),
    "kimi k2 relabelled mit": Pair(
        child=model("acme/composer", "mit"),
        parent=model("moonshotai/k2", "other", name="modified-mit"),
        attention=flags(("same-licence", "last paragraph")),
        unknown=flags(("user-threshold", "last paragraph")),
    ),
    "solar wants its brand": Pair(
        child=model("acme/korean-100b", "other", name="upstage-solar-license"),
        parent=model("upstage/solar", "other", name="upstage-solar-license"),
        attention=flags(("name-prefix", "section on derivative models")),
    ),
    "solar with its brand inside": Pair(
        child=model("acme/my-Solar-ko", "other", name="upstage-solar-license"),
        parent=model("upstage/solar", "other", name="upstage-solar-license"),
        ok=flags(("name-prefix", "section on derivative models")),
    ),
    "apache without a LICENSE": Pair(
        child=model("acme/x", "apache-2.0", files=BARE),
        parent=model("qwen/base", "apache-2.0", files=("NOTICE",)),
        attention=flags(("licence-file", "4(a)"), ("keep-notice", "4(d)")),
    ),
    "apache, base not declared": Pair(
        child=model("acme/x", "apache-2.0"),
        parent=model("qwen/base", "apache-2.0", files=None),
        ok=flags(("licence-file", "4(a)")),
        unknown=flags(("keep-notice", "4(d)"), ("state-changes", "4(b)")),
        declared=False,
    ),
    "mit notice removed": Pair(
        child=model("rakuten/ai", "apache-2.0", files=BARE),
        parent=model("deepseek-ai/v3", "mit"),
        attention=flags(("licence-file", "paragraph 2")),
    ),
    "mit base, apache LICENSE in its place": Pair(
        child=model("acme/x", "apache-2.0", file_path="LICENSE", file_text=APACHE_TEXT),
        parent=model("deepseek-ai/v3", "mit"),
        attention=flags(("licence-file", "paragraph 2")),
    ),
    "openrail with a plain tag": Pair(
        child=model("acme/diffuse", "mit"),
        parent=model("bigscience/bloom", "bigscience-bloom-rail-1.0"),
        attention=flags(("same-licence", "paragraph 4")),
        ok=flags(("use-policy", "paragraph 5")),
    ),
    "deepseek 1.0 passed on": Pair(
        child=model("acme/x", "other", name="deepseek"),
        parent=model("deepseek-ai/llm", "other", name="deepseek"),
        ok=flags(("same-licence", "4.a"), ("licence-file", "4.b"), ("use-policy", "5")),
    ),
    "cc-by-nc made mit": Pair(
        child=model("acme/x", "mit"),
        parent=model("cohere/r", "cc-by-nc-4.0"),
        attention=flags(("non-commercial", "2(a)(1)")),
        ok=flags(("attribution", "3(a)(1)")),
    ),
    "cc-by-nc-sa made cc-by-nc": Pair(
        child=model("acme/x", "cc-by-nc-4.0"),
        parent=model("lab/y", "cc-by-nc-sa-4.0"),
        attention=flags(("same-licence", "3(b)(1)")),
        ok=flags(("non-commercial", "2(a)(1)")),
    ),
    "cc-by, base not named": Pair(
        child=model("acme/x", "cc-by-4.0"),
        parent=model("lab/y", "cc-by-4.0"),
        attention=flags(("attribution", "3(a)(1)")),
        declared=False,
    ),
    "no derivatives": Pair(
        child=model("acme/x", "cc-by-nc-nd-4.0"),
        parent=model("lab/y", "cc-by-nc-nd-4.0"),
        attention=flags(("no-derivatives", "2(a)(1)(B)")),
    ),
    "qwen research made apache": Pair(
        child=model("acme/coder", "apache-2.0", card="Improved using Qwen"),
        parent=model("Qwen/coder", "other", name="qwen-research"),
        attention=flags(("non-commercial", "2"), ("same-licence", "3")),
        ok=flags(("built-with", "section on rules of use")),
    ),
    "tongyi kept": Pair(
        child=model("acme/x", "other", name="tongyi-qianwen"),
        parent=model("Qwen/7b", "other", name="tongyi-qianwen"),
        ok=flags(("same-licence", "3"), ("notice-file", "3")),
    ),
    "exaone made apache": Pair(
        child=model("acme/x", "apache-2.0"),
        parent=model("LGAI/x", "other", name="exaone"),
        attention=flags(("non-commercial", "section on the licence grant"),
                        ("same-licence", "section on the licence grant")),
    ),
    "nvidia without a notice": Pair(
        child=model("acme/x", "mit", files=("LICENSE",)),
        parent=model("nvidia/x", "other", name="nvidia-open-model-license"),
        attention=flags(("notice-file", "3.1")),
        ok=flags(("licence-file", "3.1")),
    ),
    "gpl made mit": Pair(
        child=model("acme/x", "mit"),
        parent=model("lab/y", "gpl-3.0"),
        attention=flags(("same-licence", "5(c)")),
    ),
    "child states nothing": Pair(
        child=model("acme/llama-x", ""),
        parent=model("meta/llama", "llama3.1"),
        unknown=flags(("same-licence", "1.b.i")),
    ),
    "child's own licence is unknown": Pair(
        child=model("acme/llama-x", "other", name="acme-terms"),
        parent=model("meta/llama", "llama3.1"),
        unknown=flags(("same-licence", "1.b.i")),
    ),
    "parent's licence is unknown": Pair(
        child=model("acme/x", "mit"),
        parent=model("lab/y", "other", name="lab-terms"),
        unknown=flags(("recognised", "")),
    ),
    "a folder has no name": Pair(
        child=model("./out", "llama3.1", on_the_hub=False),
        parent=model("meta/llama", "llama3.1"),
        unknown=flags(("name-prefix", "1.b.i")),
    ),
}  # fmt: skip


def checked(pair: Pair) -> Licence:
    """Return the flags of one pair."""
    tie = Tie(parent=pair.parent, basis=DECLARED, declared=pair.declared)
    return check_licences(pair.child, [tie])


def test_the_table_of_cases_is_large_enough() -> None:
    """Thirty-odd pairs cover every rule."""
    assert len(PAIRS) >= 20
    expected = {rule for p in PAIRS.values() for rule, _ in p.attention | p.ok | p.unknown}
    assert expected >= {rule.value for rule in Rule}


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_gets_its_flags(name: str) -> None:
    """Every flag expected is there with its clause and its word, and no other attention."""
    pair = PAIRS[name]
    seen = {(c.rule, c.clause): c.status for c in checked(pair).checks}
    for expected, status in (
        (pair.attention, Status.ATTENTION),
        (pair.ok, Status.OK),
        (pair.unknown, Status.UNKNOWN),
    ):
        for key in expected:
            assert seen.get(key) is status, (key, seen)
    raised = {key for key, status in seen.items() if status is Status.ATTENTION}
    assert raised - {("one-licence", "")} == pair.attention


def test_every_flag_names_base_clause_and_source() -> None:
    """A flag can be checked by a reader: whose licence, which clause, where its text stands."""
    for pair in PAIRS.values():
        for check in checked(pair).checks:
            assert check.base
            assert check.basis
            assert check.detail
            if check.licence:
                assert check.clause
                assert check.source.startswith("https://")
    text = words(flag_of(checked(PAIRS["cc-by-nc made mit"]).checks[0]))
    assert text == (
        "attention: the model states MIT License, which is not limited to such use; Creative "
        "Commons Attribution-NonCommercial 4.0 2(a)(1) says: use is for non-commercial purposes "
        "only (rests on cohere/r, declared)"
    )


def test_no_flag_gives_advice() -> None:
    """No word of any flag tells what is allowed, forbidden or to be done."""
    words = " ".join(
        f"{sentence(c.detail)} {c.says}" for p in PAIRS.values() for c in checked(p).checks
    ).lower()
    for advice in ("violat", "illegal", "breach", "you must", "should", "infring", "allowed"):
        assert advice not in words


def test_an_obligation_passes_through_a_permissive_base() -> None:
    """What a grandparent asks holds although the base in between is tagged apache."""
    child = model("acme/x", "apache-2.0")
    between = Tie(parent=model("lab/y", "apache-2.0"), basis=DECLARED, declared=True)
    above = Tie(parent=model("meta/llama", "llama3.1", files=None), basis=phrase(PhraseCode.BASIS_ANCESTOR, base="lab/y"),
                declared=True)  # fmt: skip
    report = check_licences(child, [between, above])
    assert report.status is Status.ATTENTION
    flagged = {
        (c.rule, c.base, words(c.basis)) for c in report.checks if c.status is Status.ATTENTION
    }
    assert ("same-licence", "meta/llama", "an ancestor that lab/y leads to") in flagged


def test_the_stricter_sight_of_one_clause_stands() -> None:
    """Two bases under one licence give each clause once, with the stricter word."""
    child = model("acme/x", "apache-2.0")
    plain = Tie(parent=model("lab/a", "apache-2.0", files=()), basis=DECLARED, declared=True)
    other = Tie(
        parent=model("lab/b", "apache-2.0", files=None),
        basis=phrase(PhraseCode.BASIS_FOUND),
        declared=False,
    )
    rows = [c for c in check_licences(child, [plain, other]).checks if c.rule == "keep-notice"]
    assert [(c.status, c.base) for c in rows] == [(Status.UNKNOWN, "lab/b")]


def test_tag_name_and_file_are_reported_apart() -> None:
    """A permissive tag over restricted terms shows as three statements and one flag."""
    child = model("acme/x", "apache-2.0", file_path="LICENSE", file_text=LLAMA_TEXT,
                  file_sha256="0" * 64)  # fmt: skip
    tie = Tie(parent=model("meta/llama", "llama3.1"), basis=DECLARED, declared=True)
    report = check_licences(child, [tie])
    own = report.stated[0]
    assert (own.from_tag, own.from_name) == ("Apache License 2.0", "")
    assert own.from_file == "Llama 3.1 Community License Agreement"
    assert [c.status for c in report.checks if c.rule == "one-licence"] == [Status.ATTENTION]


def test_a_base_whose_file_says_more_than_its_tag_is_held_to_both() -> None:
    """A mirror that tags Llama weights as MIT does not free them."""
    mirror = model("mirror/llama", "mit", file_path="LICENSE", file_text=LLAMA_TEXT)
    tie = Tie(parent=mirror, basis=DECLARED, declared=True)
    asked = {c.licence for c in check_licences(model("acme/x", "mit"), [tie]).checks}
    assert asked >= {"mit", "llama3.1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (APACHE_TEXT, "apache-2.0"),
        (MIT_TEXT, "mit"),
        (LLAMA_TEXT, "llama3.1"),
        ("Modified MIT License\nCopyright Moonshot, Kimi K2\n" + MIT_TEXT, "kimi-k2"),
        ("Qwen RESEARCH LICENSE AGREEMENT", "qwen-research"),
        ("All rights reserved.", None),
        ("", None),
    ],
)
def test_a_licence_is_known_by_its_text(text: str, expected: str | None) -> None:
    """Phrases at the start of the file decide; the more specific licence wins."""
    found = by_text(text)
    assert (found.id if found else None) == expected


def test_the_table_is_well_formed() -> None:
    """Ids, tags and names are unique, and every row can be recognised and has a source."""
    rows = licences()
    ids = [row.id for row in rows]
    tags = [tag for row in rows for tag in row.tags]
    assert len(ids) == len(set(ids))
    assert len(tags) == len(set(tags))
    assert len(rows) >= 25
    for row in rows:
        assert row.source.startswith("https://")
        assert all(by_tag(tag) is row for tag in row.tags)
        assert all(by_name(name) in {row, by_tag(name)} for name in row.names)
        assert all(mark == mark.lower() for mark in row.marks)
        for ask in row.asks:
            assert ask.clause
            assert ask.says
            assert set(ask.accepts) <= set(ids)
            assert bool(ask.prefix) == (ask.rule is Rule.NAME_PREFIX)
            assert bool(ask.phrase) == (ask.rule is Rule.BUILT_WITH)


@given(
    tag=st.text(max_size=30), name=st.text(max_size=30), text=st.text(max_size=200),
    path=st.text(max_size=20), card=st.text(max_size=100),
)  # fmt: skip
def test_hostile_statements_give_flags_and_nothing_else(
    tag: str, name: str, text: str, path: str, card: str
) -> None:
    """Whatever a repository states, the result is made of the three words and one line each."""
    child = Stated(ref="a/b", tag=tag, name=name, files=(path,), file_path=path, file_text=text,
                   card=card)  # fmt: skip
    tie = Tie(parent=model("meta/llama", "llama3.1"), basis=DECLARED, declared=True)
    back = Tie(parent=child, basis=DECLARED, declared=True)
    for report in (check_licences(child, [tie]), check_licences(model("a/c"), [back])):
        assert all(words(flag).isprintable() for flag in report.flags)
        assert all(sentence(c.detail).isprintable() for c in report.checks)


KEPT = (
    ("NOTICE", MIT_TEXT),
    ("THIRD_PARTY_NOTICES.txt", "Parts come from others.\n" * 900 + MIT_TEXT + APACHE_TEXT),
    ("COPYRIGHT.md", MIT_TEXT.upper().replace("\n", "  \n ")),
)


@pytest.mark.parametrize(("path", "text"), KEPT, ids=[path for path, _ in KEPT])
def test_a_licence_is_kept_wherever_its_text_stands(path: str, text: str) -> None:
    """What a file is called plays no part: the text of MIT in a NOTICE keeps MIT's notice."""
    child = model("acme/x", "apache-2.0", files=(path,), texts=((path, text),))
    parent = model("zoo/base", "mit")
    report = check_licences(child, [Tie(parent=parent, basis=DECLARED, declared=True)])
    rows = {c.rule: c for c in report.checks}
    assert rows["licence-file"].status is Status.OK
    assert path in sentence(rows["licence-file"].detail)


def test_a_licence_in_the_card_is_kept() -> None:
    """So is the text of a licence in the card itself."""
    child = model(
        "acme/x", "apache-2.0", files=BARE, card=f"# x\n## Licence of the base\n{MIT_TEXT}"
    )
    parent = model("zoo/base", "mit")
    report = check_licences(child, [Tie(parent=parent, basis=DECLARED, declared=True)])
    assert Status.ATTENTION not in {c.status for c in report.checks}


@pytest.mark.parametrize("text", ["", "to do", "All rights reserved."])
def test_the_name_of_a_file_is_no_licence(text: str) -> None:
    """A file called LICENSE that holds no licence text is not said to be one."""
    child = model(
        "acme/x", "mit", files=("LICENSE",), file_path="LICENSE", file_text=text,
        texts=(("LICENSE", text),),
    )  # fmt: skip
    report = check_licences(
        child, [Tie(parent=model("zoo/base", "mit"), basis=DECLARED, declared=True)]
    )
    rows = {c.rule: c.status for c in report.checks}
    assert rows["licence-file"] is Status.UNKNOWN
