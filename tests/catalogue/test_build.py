"""Does a build lose nothing, do nothing twice, and let nobody into a family unproven?"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from hubcheck.catalogue.build import PAIR, Built, Workers, alone_in, build, latest, open_index
from hubcheck.catalogue.entry import Entry, Standing
from hubcheck.catalogue.journal import FOLDER, SKETCHES, Row
from hubcheck.catalogue.sketch import Sketch
from hubcheck.catalogue.spread import handed_on, spread
from hubcheck.catalogue.writing import seen_in
from hubcheck.errors import UsageError
from tests.catalogue.entries import NOW, drawn, row

BASE = drawn(1)
SKETCHES_OF: Mapping[str, Sketch] = {
    "org/base": BASE,
    "org/tuned": drawn(2, like=BASE, changed=0.1),
    "org/poison": drawn(3, like=BASE, changed=0.01),
    **{f"org/stranger-{i}": drawn(100 + i) for i in range(6)},
}
CREATED = {"org/base": "2025-01-01"}


class Bench:
    """Workers whose every call is counted, and which can be made to fail."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.broken: dict[str, str] = {}
        self.stop_after = 10**9

    def sketch(self, name: str) -> Row:
        """Return the line of a model."""
        if sum(self.calls.values()) >= self.stop_after:
            raise KeyboardInterrupt
        self.calls[name] += 1
        if name in self.broken:
            return {"asked": name, "reason": self.broken[name], "what": "as told"}
        return row(name, SKETCHES_OF[name], created=CREATED.get(name, "2026-01-01"))

    def match(self, pair: str) -> Row:
        """Return what an exact test says: the poison does not match."""
        self.calls[pair] += 1
        subject, _, base = pair.partition(PAIR)
        if pair in self.broken:
            return {"pair": pair, "reason": self.broken[pair], "what": "as told"}
        assert base == "org/base"
        return {"pair": pair, "matched": subject == "org/tuned"}

    @property
    def workers(self) -> Workers:
        """What a build is given."""
        return Workers(sketch=self.sketch, match=self.match)


def run(folder: Path, bench: Bench, *names: str) -> Built:
    """Build."""
    return build(
        names or tuple(SKETCHES_OF), folder, bench.workers, now=NOW, progress=lambda *_: None
    )


def held(folder: Path) -> dict[str, Entry]:
    """Return what a catalogue holds."""
    index = open_index(folder)
    assert index is not None
    entries = list(index.entries())
    assert len(entries) == len(latest(entries)), "nothing twice"
    return {e.ref: e for e in entries}


def test_members_join_by_exact_match_alone(tmp_path: Path) -> None:
    """A sketch proposes the family; who does not match waits in quarantine."""
    built = run(tmp_path, Bench())
    found = held(tmp_path)
    assert (built.sketched, built.roots, built.members, built.quarantined) == (9, 7, 1, 1)
    assert found["org/tuned"].standing is Standing.MEMBER
    assert found["org/tuned"].family == found["org/poison"].family == "org/base"
    assert found["org/poison"].standing is Standing.QUARANTINED
    index = open_index(tmp_path)
    assert index is not None
    first = index.nearest(drawn(5, like=SKETCHES_OF["org/poison"], changed=0.01))[0]
    assert [n.entry.ref for n in first.members] == ["org/base", "org/tuned"]


def test_a_build_that_was_killed_goes_on(tmp_path: Path) -> None:
    """What was sketched is not sketched again; a line that was cut off is."""
    bench = Bench()
    bench.stop_after = 4
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, bench)
    journal = tmp_path / FOLDER / SKETCHES
    lines = journal.read_text().splitlines(keepends=True)
    assert len(lines) == 4
    journal.write_text("".join(lines[:3]) + lines[3][:50])
    bench.stop_after = 10**9
    run(tmp_path, bench)
    assert set(held(tmp_path)) == set(SKETCHES_OF)
    asked = [bench.calls[name] for name in SKETCHES_OF]
    assert sorted(asked) == [1] * 8 + [2]
    again = run(tmp_path, bench)
    assert (again.sketched, again.known) == (0, 9)
    assert sum(bench.calls[n] for n in SKETCHES_OF) == 10


def test_failures_are_listed_and_asked_again(tmp_path: Path) -> None:
    """By reason; the next run finds those that can be read by then."""
    bench = Bench()
    bench.broken = {"org/stranger-1": "network", "org/stranger-2": "gated"}
    built = run(tmp_path, bench)
    assert built.reasons == {"network": 1, "gated": 1}
    assert "org/stranger-1" not in held(tmp_path)
    del bench.broken["org/stranger-1"]
    built = run(tmp_path, bench)
    assert (built.sketched, built.reasons) == (1, {"gated": 1})
    assert "org/stranger-1" in held(tmp_path)


def test_an_exact_test_that_could_not_be_made_is_made_by_the_next_run(tmp_path: Path) -> None:
    """Neither member nor in quarantine for a fault of the network; sketched once all the same."""
    bench = Bench()
    pair = PAIR.join(("org/tuned", "org/base"))
    bench.broken = {pair: "exact-test-not-made"}
    built = run(tmp_path, bench)
    assert built.reasons == {"exact-test-not-made": 1}
    assert "org/tuned" not in held(tmp_path)
    bench.broken = {}
    run(tmp_path, bench)
    assert held(tmp_path)["org/tuned"].standing is Standing.MEMBER
    assert bench.calls["org/tuned"] == 1


def test_a_digest_keeps_the_day_it_was_first_seen(tmp_path: Path) -> None:
    """The same weights under another name, later: the old date, and the family by digest alone."""
    bench = Bench()
    run(tmp_path, bench)
    digest = held(tmp_path)["org/base"].digest

    def copied(name: str) -> Row:
        return row(name, drawn(50), digest=digest)

    work = Workers(sketch=copied, match=bench.match)
    build(["org/copy"], tmp_path, work, now="2027-01-01T00:00:00+00:00", progress=lambda *_: None)
    copy = held(tmp_path)["org/copy"]
    assert copy.first_seen == seen_in(tmp_path)[digest] == NOW
    assert (copy.family, copy.standing) == ("org/base", Standing.MEMBER)


def test_two_builds_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second is told, and changes nothing."""
    with alone_in(tmp_path), pytest.raises(UsageError, match="Another build"):
        run(tmp_path, Bench())
    assert not (tmp_path / FOLDER).exists()


def test_a_seen_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    """A stopped run leaves half a line; the record goes on."""
    (tmp_path / "seen.jsonl").write_text(
        json.dumps({"digest": "a", "first_seen": "1", "ref": "x"}) + '\n{"dig'
    )
    assert seen_in(tmp_path) == {"a": "1"}


def test_a_new_commit_stands_for_the_old_one(tmp_path: Path) -> None:
    """A root keeps its family; a member is put to the test again; each is there once."""
    bench = Bench()
    run(tmp_path, bench)
    commit = "1" * 40
    changed = {"org/base": drawn(60), "org/tuned": drawn(61, like=BASE, changed=0.2)}

    def pushed(name: str) -> Row:
        ref = name.partition("@")[0]
        digest = str(len(ref)) * 64
        return row(ref, changed[ref], asked=name, revision=commit, digest=digest)

    work = Workers(sketch=pushed, match=bench.match)
    names = [f"{ref}@{commit}" for ref in changed]
    for again in (2, 0):
        built = build(names, tmp_path, work, now=NOW, progress=lambda *_: None)
        assert built.sketched == again
    index = open_index(tmp_path)
    assert index is not None
    found = {e.ref: e for e in latest(index.entries())}
    assert len(found) == 9
    assert {found[ref].revision for ref in changed} == {commit}
    assert found["org/base"].standing is Standing.ROOT


def test_a_cluster_is_told_which_hub_is_asked_and_no_token() -> None:
    """Its workers were started elsewhere; a secret of this machine is none of theirs."""
    here = {"HF_ENDPOINT": "https://hub.example", "HF_TOKEN": "hf_secret", "NO_PROXY": ""}
    assert handed_on(here) == {"HF_ENDPOINT": "https://hub.example"}


def test_without_ray_several_workers_are_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without workers nothing is needed; with them, the extra is named."""
    assert list(spread(str.upper, ["a", "b"])) == ["A", "B"]
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match="Ray is not installed") as refused:
        list(spread(str.upper, ["a"], workers=2))
    assert "[catalogue]" in refused.value.next_step
