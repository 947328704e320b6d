"""Is each tool called by its documented command, and its JSON read right?"""

from __future__ import annotations

from pathlib import Path

from benchmarks.lineage.tools import (
    NAMES,
    Answer,
    available,
    hubcheck_tool,
    modeldna_tool,
    source_digest,
)

PLACES = (Path("cisco"), Path("modeldna"))


def test_every_name_is_a_tool() -> None:
    """What the command line offers is what can be run; without rivals hubcheck alone is left."""
    assert set(available(PLACES)) == set(NAMES)
    assert set(available(None)) == {n for n in NAMES if n.startswith("hubcheck")}


def test_the_default_depth_is_not_named() -> None:
    """Hubcheck runs as it does when nothing is asked; only deep is."""
    plain = hubcheck_tool("sample").command(Path("s"), Path("b"))
    assert "--depth" not in plain
    assert plain[2:7] == ["hubcheck", "check", "s", "--base", "b"]
    assert "deep" in hubcheck_tool("deep").command(Path("s"), Path("b"))


def test_a_report_of_hubcheck_is_read() -> None:
    """Verdict, relation, E and bytes come from the finding and the coverage."""
    finding = {
        "verdict": "related",
        "status": "tested",
        "log10_p": -20.5,
        "kept": 0.9,
        "relation": {"kind": "fine-tune", "detail": "0.06"},
        "reason": "",
    }
    said = {"findings": [finding], "coverage": {"bytes_read": 1_500_000}}
    assert hubcheck_tool("sample").answer(said) == Answer(
        verdict="related",
        relation="fine-tune",
        scores={"log10_E": 20.5, "kept": 0.9},
        detail="0.06",
        read_mb=1.5,
    )


def test_a_pair_that_modeldna_rules_out_has_no_score() -> None:
    """Without a probability the pair has no score, and the reason is kept."""
    candidate = {"probability": None, "ruled_out": "layer count mismatch"}
    said = {"verdict": {"verdict": "NO_MATCH", "probability": None, "candidates": [candidate]}}
    answer = modeldna_tool(Path("x")).answer(said)
    assert (answer.verdict, dict(answer.scores)) == ("NO_MATCH", {})
    assert answer.detail == "layer count mismatch"


def test_cisco_is_read_with_and_without_a_decision() -> None:
    """Its decision counts; where it leaves it empty, the label of the score does."""
    scores = {"pipeline_score": 0.7, "identity_score": 0.7, "mfi_match": "soft"}
    said = {"scores": scores, "interpretation": {"label": "Weak Match"}}
    tool = available(PLACES)["cisco"]
    assert tool.answer(said).verdict == "Weak Match"
    decided = {**said, "scores": {**scores, "provenance_decision": "Confirmed Match"}}
    assert tool.answer(decided).verdict == "Confirmed Match"


def test_a_changed_source_is_another_version(tmp_path: Path) -> None:
    """One changed line makes another digest; a note beside the source does not."""
    (tmp_path / "a.py").write_text("x = 1")
    before = source_digest(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    assert source_digest(tmp_path) == before
    (tmp_path / "a.py").write_text("x = 2")
    assert source_digest(tmp_path) != before
