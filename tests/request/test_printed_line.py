"""Is the command on a card held against the report that it is printed on?"""

from __future__ import annotations

from typing import Final

import pytest

from hubcheck.report import words
from hubcheck.report.schema import Policy
from hubcheck.request.printed_line import fault_of
from tests.card import reports

COMMAND: Final = "hubcheck check acme/new --base acme/base --suspect other/base"
WHOLE: Final = f"{COMMAND} --depth sample --seed 7"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (WHOLE, ""),
        ("", ""),
        (f"{WHOLE} --suspect auto", ""),
        (f"{WHOLE} --suspect OTHER/base --suspect https://huggingface.co/other/base", ""),
        (f"{WHOLE} --suspect acme/base/../x", "--suspect names other bases"),
        (f"{WHOLE} --suspect files", ""),
        (f"{WHOLE} --fail-on contradicted,undeclared", ""),
        (f"{WHOLE} --policy .github/hubcheck.yml", ""),
        (f"{COMMAND} --depth sample --seed 8", "--seed is not what the report says"),
        (f"{COMMAND} --depth deep --seed 7", "--depth is not what the report says"),
        (f"{COMMAND} --depth sample --max-read 5 --seed 7", "--max-read is not"),
        (f"{WHOLE} --fail-on none", "--fail-on is not what the report says"),
        (f"{WHOLE} --mirror acme/base=elsewhere", "--mirror is not what the report says"),
        (f"{WHOLE} --suspect gone/model", "--suspect names other bases than the findings"),
        ("hubcheck check acme/new --base acme/base --seed 7", "--suspect names other bases"),
        (f"{COMMAND} --seed 7; rm -rf ~", "argument --seed"),
        (f"{WHOLE} --out /etc/x", "unrecognized arguments"),
        (f"{WHOLE} --help", "unrecognized arguments"),
        (f"{COMMAND} --se 7", "unrecognized arguments"),
        (f"{COMMAND} --seed {'9' * 5000}", "argument --seed"),
        ("hubcheck check", "the following arguments are required"),
        ("curl evil.example", "not a hubcheck check"),
        ("hubcheck check 'acme/new", "no command"),
    ],
)
def test_the_command_on_the_card_makes_this_report(
    line: str, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a check of these models by this seed, and nothing else; reading it prints nothing."""
    report = reports.report(
        words.DeclarationVerdict.CONTRADICTED,
        reports.unrelated("acme/base", proposed_by=("--base",)),
        reports.matching("other/base", proposed_by=("--suspect",)),
    ).model_copy(
        update={
            "replay": line,
            "seed": 7,
            "depth": words.Depth.SAMPLE,
            "policy": Policy(fail_on=("undeclared", "contradicted")),
        }
    )
    found = fault_of(report)
    assert found.startswith(fault) if fault else not found, found
    assert capsys.readouterr() == ("", "")
