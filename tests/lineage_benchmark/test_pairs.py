"""Does the benchmark ask about the right pairs, with the right answers?"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.lineage.catalogue import catalogue, roots, same_configuration
from benchmarks.lineage.pairs import Kind, Pair, pairs, small
from tests.lineage_benchmark.made import model, zoo


@pytest.fixture
def found(tmp_path: Path) -> dict[tuple[str, str], Pair]:
    """Return the pairs of the made-up zoo."""
    zoo(tmp_path)
    return {(p.subject, p.base): p for p in pairs(tmp_path)}


def test_no_pair_is_asked_twice(tmp_path: Path) -> None:
    """Every couple of subject and base occurs once."""
    zoo(tmp_path)
    asked = [(p.subject, p.base) for p in pairs(tmp_path)]
    assert len(asked) == len(set(asked))


def test_a_derivative_is_held_against_its_parents_and_its_root(
    found: dict[tuple[str, str], Pair],
) -> None:
    """Of a chain of changes the direct parent and the model at the root are both asked about."""
    for base in ("continued", "base"):
        assert found["disguised-continued", base].kind is Kind.DERIVED
    assert found["disguised-continued", "base"].words == ("rearranged", "fine-tune")
    assert found["disguised-continued", "continued"].words == ("rearranged",)
    assert found["continued2", "continued"].words == ("fine-tune",)


def test_every_parent_of_a_merge_counts_and_no_word_is_scored(
    found: dict[tuple[str, str], Pair],
) -> None:
    """Both parents are in a merge; that it is one cannot be seen from one of them."""
    for base in ("base", "twin"):
        pair = found["merge-independent", base]
        assert (pair.kind, pair.words) == (Kind.DERIVED, ())


def test_a_disguise_of_a_stranger_is_a_hard_case(found: dict[tuple[str, str], Pair]) -> None:
    """A stranger made to resemble base derives from itself alone."""
    assert found["framed", "base"].kind is Kind.HARD
    assert found["framed", "ind2"].kind is Kind.DERIVED
    assert found["wears-norms", "base"].words == ("parts",)
    assert found["sib", "base"].words == ("common-initialisation",)


def test_strangers_share_no_ancestor(tmp_path: Path) -> None:
    """No pair of strangers has a root in common, a forged likeness or the same first weights."""
    zoo(tmp_path)
    members = catalogue(tmp_path)
    for pair in pairs(tmp_path):
        if pair.kind is Kind.STRANGER and pair.subject in members:
            of_subject = {*roots(pair.subject, members), *members[pair.subject].borrowed}
            of_base = set(roots(pair.base, members))
            assert not of_subject & of_base
            starts = [{members[r].initialisation for r in side} for side in (of_subject, of_base)]
            assert not starts[0] & starts[1]


def test_a_judge_is_in_one_pair_alone(found: dict[tuple[str, str], Pair]) -> None:
    """Five judges of a kind make two pairs; none is used twice."""
    judged = [name for key in found for name in key if name.startswith("judges/")]
    assert len(judged) == len(set(judged)) == 4


def test_a_model_that_another_command_adds_takes_part(found: dict[tuple[str, str], Pair]) -> None:
    """A derivative that is not named here is asked about, with the relation its notes state."""
    pair = found["from-elsewhere", "base"]
    assert (pair.kind, pair.words) == (Kind.DERIVED, ("lora-merge", "fine-tune"))


def test_what_others_are_made_from_is_not_asked_about(
    found: dict[tuple[str, str], Pair],
) -> None:
    """Material is a base of pairs, never a subject, and a single case is asked about its parents."""
    subjects = {subject for subject, _ in found}
    assert not {"relations/tuned-a", "lineage/published-tuned-a"} & subjects
    assert {base for subject, base in found if subject == "lineage/case-sparse"} == {"base"}
    assert found["lineage/case-sparse", "base"].words == ("sparse-update",)
    assert ("lineage/merge-two", "lineage/published-tuned-a") in found
    assert ("lineage/merge-two", "ind3") not in found


def test_an_unfinished_model_is_left_out(tmp_path: Path) -> None:
    """A folder without notes or without a configuration is no model yet."""
    model(tmp_path, "base", {"init_seed": 0})
    (tmp_path / "half").mkdir()
    assert set(catalogue(tmp_path)) == {"base"}


def test_the_first_look_has_every_kind(tmp_path: Path) -> None:
    """The small choice of pairs holds derivatives, strangers and hard cases, and is smaller."""
    zoo(tmp_path)
    every = pairs(tmp_path)
    few = small(every)
    assert {p.kind for p in few} >= {Kind.DERIVED, Kind.STRANGER, Kind.HARD}
    assert len(few) < len(every)


def test_storage_does_not_make_another_configuration(tmp_path: Path) -> None:
    """A recast copy is built alike, a wider model is not."""
    model(tmp_path, "a", {"init_seed": 0}, torch_dtype="float32")
    model(tmp_path, "b", {"init_seed": 1}, torch_dtype="bfloat16")
    model(tmp_path, "c", {"init_seed": 2}, hidden_size=16)
    assert same_configuration(tmp_path / "a", tmp_path / "b")
    assert not same_configuration(tmp_path / "a", tmp_path / "c")
