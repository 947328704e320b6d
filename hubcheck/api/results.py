"""What does a call return, and how does it show itself in a notebook or as a table?"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hubcheck.candidates.candidate import Candidate
from hubcheck.candidates.proposals import Proposals
from hubcheck.card import comparison as comparison_card
from hubcheck.card import html, markdown
from hubcheck.card.compose import compose
from hubcheck.card.document import Document
from hubcheck.card.escaping import plain_text
from hubcheck.card.framed import framed
from hubcheck.card.table import document_text, summary
from hubcheck.cli.candidate_table import as_text, rows_of
from hubcheck.errors import ExitCode, UsageError
from hubcheck.export import csv_rows, figures
from hubcheck.publish.files import comparison_json, report_json, write_comparison, write_outputs
from hubcheck.report.comparison import Comparison, Result
from hubcheck.report.schema import Finding, Report
from hubcheck.report.words import Conclusion, DeclarationVerdict

if TYPE_CHECKING:
    from hubcheck.model import Model

CARD_TITLE: Final = "hubcheck provenance card"
COMPARISON_TITLE: Final = "hubcheck comparison of two models"
Row = dict[str, Any]


@dataclass(frozen=True)
class CheckReport:
    """What a check found. A notebook shows its card."""

    report: Report
    """Everything ``report.json`` holds; strings in it that come from a model are raw."""
    exit_code: ExitCode | None = None
    """What the command line would have ended with; None where the report was read back."""

    @property
    def verdict(self) -> DeclarationVerdict:
        """How the declaration stands: confirmed, contradicted, undeclared ..."""
        return self.report.verdict

    @property
    def conclusion(self) -> Conclusion:
        """What that is to the policy: pass, neutral or fail."""
        return self.report.conclusion

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found of each base."""
        return self.report.findings

    def rows(self) -> list[Row]:
        """Return a row a base, with the figures of ``hubcheck export --format csv``."""
        return _under_python_names(csv_rows.FIGURES, csv_rows.rows(self.report))

    def to_pandas(self) -> Any:
        """Return the rows as a pandas ``DataFrame``.

        Raises:
            UsageError: pandas is not installed.
        """
        return _frame(self.rows(), csv_rows.FIGURES)

    def to_json(self) -> str:
        """Return what stands in ``report.json``."""
        return report_json(self.report)

    def to_markdown(self) -> str:
        """Return the card as markdown."""
        return markdown.render(compose(self.report))

    def to_html(self) -> str:
        """Return the card as an HTML page of its own."""
        return html.render(compose(self.report))

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write report, cards and badge into a folder; return their paths by name.

        Raises:
            UsageError: the folder cannot be written to.
        """
        return write_outputs(self.report, Path(folder))

    def __str__(self) -> str:
        """Return what the command line prints."""
        return summary(self.report)

    def __repr__(self) -> str:
        """Return one line, safe to print."""
        name = plain_text(self.report.subject.ref)
        return f"<CheckReport of {name}: {self.verdict.value}, {self.conclusion.value}>"

    def _repr_html_(self) -> str:
        """Return the card for a notebook."""
        return framed(self.to_html(), CARD_TITLE)


@dataclass(frozen=True)
class ComparisonReport:
    """What two models are to each other. A notebook shows its card."""

    comparison: Comparison
    """Everything ``comparison.json`` holds; strings in it that come from a model are raw."""

    @property
    def result(self) -> Result:
        """Identical, related, unrelated ..."""
        return self.comparison.result

    def rows(self) -> list[Row]:
        """Return one row: the two models, the result and its figures."""
        found = self.comparison
        row = {
            "a": found.a.ref,
            "a-revision": found.a.revision,
            "b": found.b.ref,
            "b-revision": found.b.revision,
            "result": found.result.value,
            **figures.values_of(found.finding),
        }
        # What speaks of a declaration, or of a base and who came first, says nothing here.
        return _under_python_names(COMPARED, [row])

    def to_pandas(self) -> Any:
        """Return the row as a pandas ``DataFrame``.

        Raises:
            UsageError: pandas is not installed.
        """
        return _frame(self.rows(), COMPARED)

    def to_json(self) -> str:
        """Return what stands in ``comparison.json``."""
        return comparison_json(self.comparison)

    def to_markdown(self) -> str:
        """Return the card as markdown."""
        return markdown.render(self._document())

    def to_html(self) -> str:
        """Return the card as an HTML page of its own."""
        return html.render(self._document())

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write the comparison and its cards into a folder; return their paths by name.

        Raises:
            UsageError: the folder cannot be written to.
        """
        return {path.name: path for path in write_comparison(self.comparison, Path(folder))}

    def _document(self) -> Document:
        return comparison_card.compose(self.comparison)

    def __str__(self) -> str:
        """Return what the command line prints."""
        return document_text(self._document())

    def __repr__(self) -> str:
        """Return one line, safe to print."""
        a, b = (plain_text(m.ref) for m in (self.comparison.a, self.comparison.b))
        return f"<ComparisonReport of {a} and {b}: {self.result.value}>"

    def _repr_html_(self) -> str:
        """Return the card for a notebook."""
        return framed(self.to_html(), COMPARISON_TITLE)


COMPARED: Final = (
    "a", "a-revision", "b", "b-revision", "result", "relation", "reason-code", "log10-bound",
    "similarity", "similarity-low", "similarity-high", "compared-share", "order-tested-share",
    "units-tested", "units-hit", "detectable-similarity",
)  # fmt: skip


@dataclass(frozen=True)
class Suspects(Sequence[Candidate]):
    """Models worth a test, the most promising first; none of them is a finding."""

    proposals: Proposals = field(repr=False)
    """What was found, and what was met on the way; names in it are raw."""
    text: str = field(repr=False)
    """The table that the command line prints."""

    @classmethod
    def of(cls, subject: Model, proposals: Proposals) -> Suspects:
        """Return the candidates of a model."""
        return cls(proposals=proposals, text=as_text(subject, proposals))

    def __getitem__(self, place: Any) -> Any:
        """Return a candidate, or several."""
        return self.proposals.candidates[place]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.proposals.candidates)

    def __iter__(self) -> Iterator[Candidate]:
        """Go over all of them, those that would be tested first."""
        return iter(self.proposals.candidates)

    @property
    def chosen(self) -> tuple[Candidate, ...]:
        """Those that ``suspects="auto"`` would test."""
        return self.proposals.chosen

    def rows(self) -> list[Row]:
        """Return a row a candidate."""
        return rows_of(self.proposals)

    def to_pandas(self) -> Any:
        """Return the rows as a pandas ``DataFrame``.

        Raises:
            UsageError: pandas is not installed.
        """
        return _frame(self.rows(), CANDIDATE)

    def __str__(self) -> str:
        """Return what the command line prints."""
        return self.text

    __repr__ = __str__


CANDIDATE: Final = (
    "ref", "revision", "chosen", "declared", "why", "signals", "standing", "created", "younger",
    "downloads",
)  # fmt: skip


def _under_python_names(names: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    """Return rows that all have the same columns, named as attributes are."""
    return [{_column(name): row.get(name) for name in names} for row in rows]


def _column(name: str) -> str:
    return name.replace("-", "_")


def _frame(rows: Sequence[Row], names: Sequence[str]) -> Any:
    """Return a ``DataFrame``; its columns do not depend on how many rows there are."""
    try:
        import pandas as pd
    except ImportError as error:
        raise UsageError(
            "A table of pandas was asked for, and pandas is not installed.",
            cause="hubcheck does not need it and does not bring it.",
            next_step="run pip install pandas, or take rows(), a list of dictionaries.",
        ) from error
    return pd.DataFrame(rows, columns=[_column(name) for name in names])
