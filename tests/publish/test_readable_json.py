"""Is what people read the same document, in fewer lines?"""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from hubcheck.publish.readable_json import readable

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_it_is_the_same_document(value: object) -> None:
    """What is read back equals what was written, in the same order, whatever text it holds."""
    assert json.dumps(json.loads(readable(value))) == json.dumps(value)


def test_a_table_of_numbers_takes_one_line() -> None:
    """Everything else is written as ``json.dumps`` with two spaces writes it."""
    rows = {"nearest": [[0, 17, 0.3182], [1, 14, -1e-5]], "none": [], "no": {}, "words": ["a", "b"]}
    assert readable(rows).splitlines()[:3] == [
        "{",
        '  "nearest": [[0, 17, 0.3182], [1, 14, -1e-05]],',
        '  "none": [],',
    ]
    plain = {"a": {"b": ["x", None, {"c": True}]}, "e": {}}
    assert readable(plain) == json.dumps(plain, indent=2)
