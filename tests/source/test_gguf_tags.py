"""Tests of which GGUF files are of one quantisation."""

from __future__ import annotations

import pytest

from hubcheck.source.gguf_tags import gguf_sets_of, of_quantisation, shown_names, towers_beside

PATHS = (
    "README.md",
    "mmproj-F16.gguf",
    "imatrix.gguf",
    "m-Q4_K_M.gguf",
    "m-UD-Q4_K_XL.gguf",
    "Q8_0/m-Q8_0-00001-of-00002.gguf",
    "Q8_0/m-Q8_0-00002-of-00002.gguf",
    "Q8_0/mmproj-m.gguf",
    "BF16/m.BF16.gguf",
    "odd/thing.gguf",
)


def test_sets_by_folder_model_and_quantisation() -> None:
    """Splits are one set; towers and importance matrices are none; other names have no tag."""
    found = {(one.folder, one.model, one.tag): len(one.paths) for one in gguf_sets_of(PATHS)}
    assert found == {
        ("", "m", "Q4_K_M"): 1,
        ("", "m", "UD-Q4_K_XL"): 1,
        ("Q8_0", "m", "Q8_0"): 2,
        ("BF16", "m", "BF16"): 1,
        ("odd", "thing", ""): 1,
    }


@pytest.mark.parametrize(
    ("tag", "paths"),
    [
        ("Q4_K_M", ["m-Q4_K_M.gguf"]),
        ("q4_k_m", ["m-Q4_K_M.gguf"]),
        ("Q4_K_XL", ["m-UD-Q4_K_XL.gguf"]),
        ("UD-Q4_K_XL", ["m-UD-Q4_K_XL.gguf"]),
        ("bf16", ["BF16/m.BF16.gguf"]),
        ("Q8_0", ["Q8_0/m-Q8_0-00001-of-00002.gguf", "Q8_0/m-Q8_0-00002-of-00002.gguf"]),
        ("K_M", ["m-Q4_K_M.gguf"]),
        ("4_K_M", []),
        ("Q5_K_M", []),
        ("thing", ["odd/thing.gguf"]),
    ],
)
def test_a_quantisation_by_the_end_of_the_name(tag: str, paths: list[str]) -> None:
    """A tag is a whole word at the end of the name, whatever its capitals."""
    assert [p for one in of_quantisation(PATHS, tag) for p in one.paths] == paths


def test_a_tower_belongs_to_its_folder_else_to_all() -> None:
    """The tower of the folder wins; one at top level serves the folders without."""
    assert towers_beside(PATHS, "Q8_0") == ("Q8_0/mmproj-m.gguf",)
    assert towers_beside(PATHS, "BF16") == ("mmproj-F16.gguf",)
    bf16 = of_quantisation(PATHS, "BF16")[0]
    assert shown_names(bf16, towers_beside(PATHS, "BF16")) == {
        "m.BF16.gguf": "BF16/m.BF16.gguf",
        "mmproj-F16.gguf": "mmproj-F16.gguf",
    }
