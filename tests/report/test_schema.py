"""The published JSON Schema is the one the code holds."""

from __future__ import annotations

import json
import os
from pathlib import Path

from hubcheck.report.schema import Report

PUBLISHED = Path(__file__).parents[2] / "docs" / "schemas" / "report.schema.json"


def test_the_published_schema_is_that_of_the_code() -> None:
    """docs/schemas/report.schema.json describes exactly what report.json holds."""
    schema = json.dumps(Report.model_json_schema(mode="serialization"), indent=2) + "\n"
    if os.environ.get("HUBCHECK_UPDATE_GOLDEN"):
        PUBLISHED.parent.mkdir(exist_ok=True, parents=True)
        PUBLISHED.write_text(schema, encoding="utf-8")
    assert PUBLISHED.read_text(encoding="utf-8") == schema
