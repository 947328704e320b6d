"""Is every tool asked about merges in its own way?"""

from __future__ import annotations

from pathlib import Path

from benchmarks.lineage.merges import asking, merges
from benchmarks.lineage.tools import available, hubcheck_tool, modeldna_tool
from tests.lineage_benchmark.made import zoo


def test_merges_are_found_with_their_shares(tmp_path: Path) -> None:
    """A model of several parents that mixes their weights is a merge; a forged one is not."""
    zoo(tmp_path)
    plain, decoyed = merges(tmp_path)
    assert (plain.name, plain.parents) == ("merge-independent", ("base", "twin"))
    assert plain.shares == (0.6, 0.4)
    assert decoyed.parents == ("lineage/published-tuned-a", "twin", "ind3")
    assert decoyed.shares == (0.7, 0.3, 0.0)


def test_modeldna_is_asked_to_decompose(tmp_path: Path) -> None:
    """The command made for the question is used, and its shares are read in the parents' order."""
    tool = asking(modeldna_tool(tmp_path))
    assert tool is not None
    command = tool.command(Path("m"), Path("a"), Path("b"))
    assert command[1:] == ["decompose", "m", "a", "b", "--json"]
    said = {"parent_ids": ["a", "b"], "alphas": {"b": 0.4, "a": 0.6}, "summary": "MERGE"}
    answer = tool.answer(said)
    assert answer.relation == "merge"
    assert [answer.scores[f"share {i}"] for i in (0, 1)] == [0.6, 0.4]


def test_hubcheck_is_given_every_parent() -> None:
    """Both parents are bases of one check; the verdict names what each came out as."""
    tool = asking(hubcheck_tool("sample"))
    assert tool is not None
    assert tool.command(Path("m"), Path("a"), Path("b")).count("--base") == 2
    findings = [
        {
            "verdict": "related",
            "relation": {"kind": "merge", "detail": "share 0.600 (95 % interval 0.59 to 0.61)"},
            "shares": [{"layer": 0, "share": 0.7}, {"layer": -1, "share": 0.6}],
        },
        {"verdict": "related", "relation": None, "shares": [{"layer": -1, "share": 0.4}]},
        {"verdict": "unrelated", "relation": None},
    ]
    answer = tool.answer({"findings": findings})
    assert answer.verdict == "related: merge; related; unrelated"
    assert answer.scores == {"share 0": 0.6, "share 1": 0.4, "share 2": 0.0}


def test_cisco_has_no_such_command() -> None:
    """A tool that compares two models cannot be asked about three."""
    assert asking(available((Path("c"), Path("m")))["cisco"]) is None
