"""Does ``--plan`` say what a check reads, and read no weights itself?"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hubcheck.card.plan import WHEN, plan_text
from hubcheck.check import plan as plan_module
from hubcheck.check.observe import comparer_of
from hubcheck.check.plan import plan_of
from hubcheck.checkpoint.adapter import ADAPTER_FILE
from hubcheck.cli import main
from hubcheck.model import Model, open_model
from hubcheck.report.planned import When
from hubcheck.report.words import Depth
from hubcheck.source.ledger import Purpose
from hubcheck.source.reference import parse_reference
from tests.evidence.laboratory import model, request
from tests.hubserver import LocalHub
from tests.hubserver.session import close_session


def opened(name: str) -> Model:
    """Open a shipped model."""
    return open_model(parse_reference(str(model(name))), request(model(name)).access)


def totals(text: str) -> list[int]:
    """Return the bytes of every model line."""
    return [int(n.replace(",", "")) for n in re.findall(r": ([\d,]+) of [\d,]+ bytes", text)]


@pytest.mark.parametrize("subject", ["finetune", "continued", "twin", "disguised", "upscaled"])
def test_the_plan_is_what_the_first_step_reads(subject: str) -> None:
    """The bytes printed for base and subject are the bytes then read in step one."""
    wanted = request(model(subject), [model("base")], seed=12)
    planned = totals(plan_text(plan_of(wanted)))
    base, ours = opened("base"), opened(subject)
    comparer = comparer_of(base, ours, seed=12, tried=1)
    before = [m.source.ledger.bytes_read for m in (base, ours)]
    comparer._step(0)
    after = [m.source.ledger.bytes_read for m in (base, ours)]
    assert planned == [b - a for a, b in zip(before, after, strict=True)]
    assert all(planned)


def test_planning_reads_no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers and documents are read, no values."""
    models: list[Model] = []

    def watched(*a: object, **k: object) -> Model:
        models.append(open_model(*a, **k))  # type: ignore[arg-type]
        return models[-1]

    monkeypatch.setattr(plan_module, "open_model", watched)
    plan_text(plan_of(request(model("finetune"), [model("base")])))
    assert len(models) == 2
    for one in models:
        assert one.source.ledger.by_purpose()[Purpose.WEIGHTS] == 0
        assert one.source.ledger.by_purpose()[Purpose.HEADER] > 0


def test_every_reading_has_a_tensor_rows_and_a_reason(tmp_path: Path) -> None:
    """Each line names tensor and rows under a test, for the seed that is shown."""
    text = plan_text(plan_of(request(model("finetune"), [model("base")], seed=99)))
    assert text.startswith("seed 99;")
    for why in ("channels", "neurons", "vo-dimensions", "token frame"):
        assert re.search(rf"^  {why}: [\d,]+ bytes from \d+ tensors$", text, re.MULTILINE), why
    assert re.search(
        r"^    model\.layers\.\d\.mlp\.up_proj\.weight rows \d+\.\.\d+", text, re.MULTILINE
    )


def test_another_seed_plans_other_rows() -> None:
    """The draw is not fixed; the same seed plans the same rows."""
    texts = [
        plan_text(plan_of(request(model("finetune"), [model("base")], seed=s))) for s in (1, 1, 2)
    ]
    assert texts[0] == texts[1]
    assert texts[0].split("\n", 1)[1] != texts[2].split("\n", 1)[1]


def test_the_command_prints_the_plan_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--plan`` ends with 0 and leaves no file."""
    monkeypatch.chdir(tmp_path)
    arguments: Sequence[str] = ["check", str(model("finetune")), "--base", str(model("base"))]
    assert main([*arguments, "--plan", "--seed", "3"]) == 0
    assert capsys.readouterr().out.startswith("seed 3;")
    assert not list(tmp_path.iterdir())


def test_a_base_that_cannot_be_read_is_said_to_be_left_out(tmp_path: Path) -> None:
    """A broken base does not end the plan."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model.safetensors").write_bytes(b"x")
    text = plan_text(plan_of(request(model("finetune"), [model("base")], [tmp_path / "broken"])))
    assert "would not be tested" in text
    assert len(totals(text)) == 2


def test_looks_at_several_bases_are_planned_at_every_depth() -> None:
    """A merge, the bases against each other, and what a suspect changed: with their bytes."""
    suspected = request(model("finetune"), [model("base")], [model("twin")])
    text = plan_text(plan_of(suspected))
    _, _, rest = text.partition("once every base was looked at:\n")
    whole = f"at most {opened('base').checkpoint.n_bytes:,} bytes of each model"
    assert rest.startswith(f"  if several bases are related, merge: {whole}")
    assert f"another one are related, the bases against each other: {whole}" in rest
    assert f"another one are related, what a suspect changed: {whole}" in rest
    large = [
        {one.name: one.at_most for one in plan_module._together(depth, bases, 2)}
        for depth in (Depth.SAMPLE, Depth.DEEP)
        for bases in [list(suspected.bases(opened("finetune")))]
    ]
    assert large == [
        {"merge": 2_000_000, "adapter": 8_000_000, "kin": 52_000_000, "held-change": 2_000_000},
        {"merge": 64_000_000, "adapter": 64_000_000, "kin": 52_000_000, "held-change": 64_000_000},
    ]
    alone = plan_text(plan_of(request(model("finetune"), [model("base")])))
    assert "once every base was looked at" not in alone


def test_an_adapter_beside_the_weights_is_planned(tmp_path: Path) -> None:
    """Rows of what it changes are read, in it and in both models."""
    subject = tmp_path / "subject"
    shutil.copytree(model("finetune"), subject)
    (subject / ADAPTER_FILE).write_bytes(b"x" * 1000)
    (subject / "adapter_config.json").write_text("{}")
    text = plan_text(plan_of(request(subject, [model("base")])))
    most = f"at most {opened('base').checkpoint.n_bytes:,} bytes of each model"
    assert f"  unless a base is unrelated, adapter: {most}\n" in text


def test_every_case_of_a_look_has_words() -> None:
    """A plan says when each look is taken."""
    assert set(WHEN) == set(When)


def test_no_base_is_nothing_to_read() -> None:
    """The plan of a model without a base says so."""
    assert "nothing would be read" in plan_text(plan_of(request(model("base"))))


def test_a_plan_on_the_hub_is_what_is_then_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes with gaps, and ranges, are those that the ledger books in step one."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    close_session()
    with LocalHub() as hub:
        hub.add_repo("org/base", model("base"))
        hub.add_repo("org/tuned", model("twin"))
        wanted = request("org/tuned", ["org/base"], seed=8)
        wanted = replace(wanted, access=replace(wanted.access, endpoint=hub.endpoint))
        (pair,) = plan_of(wanted).pairs
        both = [parse_reference(name) for name in ("org/base", "org/tuned")]
        base, ours = (open_model(reference, wanted.access) for reference in both)
        comparer = comparer_of(base, ours, seed=8, tried=1)
        ledgers = [m.source.ledger for m in (base, ours)]
        before = [(ledger.bytes_read, ledger.requests) for ledger in ledgers]
        comparer._step(0)
        after = [(ledger.bytes_read, ledger.requests) for ledger in ledgers]
    close_session()
    read = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(before, after, strict=True)]
    sides = (pair.base, pair.subject)
    assert read == [(m.n_transferred, m.n_requests) for m in sides]
    assert all(m.n_transferred >= m.n_bytes > 0 for m in sides)
