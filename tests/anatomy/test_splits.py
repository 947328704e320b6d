"""Do the splits of an axis list each stored index once, in canonical order, or refuse?"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hubcheck.anatomy.splits import Segments, Split, SplitSizes, split_axis

SMALL = st.integers(1, 9)


def listed(pieces: tuple[Segments, ...] | None) -> list[NDArray[np.int64]]:
    """Return the stored indices of each role."""
    assert pieces is not None
    return [np.concatenate([np.arange(*p, dtype=np.int64) for p in role]) for role in pieces]


@given(SMALL, SMALL, SMALL)
def test_grouped_is_the_view_that_models_take(g: int, r: int, d: int) -> None:
    """[g, r + 2, d] gives q, k, v as slicing that view gives them."""
    sizes = SplitSizes(q_rows=g * r * d, head_dim=d)
    q, k, v = listed(split_axis(Split.QKV_GROUPED, g * (r + 2) * d, sizes))
    view = np.arange(g * (r + 2) * d).reshape(g, r + 2, d)
    np.testing.assert_array_equal(q, view[:, :r].reshape(-1))
    np.testing.assert_array_equal(k, view[:, r].reshape(-1))
    np.testing.assert_array_equal(v, view[:, r + 1].reshape(-1))


@given(SMALL, SMALL, SMALL)
def test_contiguous_qkv(g: int, r: int, d: int) -> None:
    """q, k and v lie one after the other."""
    q, k, v = listed(split_axis(Split.QKV, g * (r + 2) * d, SplitSizes(q_rows=g * r * d)))
    np.testing.assert_array_equal(np.concatenate([q, k, v]), np.arange(g * (r + 2) * d))
    assert (q.size, k.size, v.size) == (g * r * d, g * d, g * d)


@given(SMALL, SMALL)
def test_codegen_partitions(per: int, d: int) -> None:
    """Each of four partitions holds its q, then its v, then its k."""
    part = per * d
    sizes = SplitSizes(q_rows=4 * part, head_dim=d)
    q, k, v = listed(split_axis(Split.QKV_CODEGEN, 12 * part, sizes))
    view = np.arange(12 * part).reshape(4, 3, part)
    for got, at in ((q, 0), (v, 1), (k, 2)):
        np.testing.assert_array_equal(got, view[:, at].reshape(-1))


@given(SMALL, SMALL)
def test_query_and_gate(h: int, d: int) -> None:
    """Per head the query comes first, then its gate."""
    sizes = SplitSizes(q_rows=h * d, head_dim=d)
    query, gate = listed(split_axis(Split.QUERY_GATE, 2 * h * d, sizes))
    view = np.arange(2 * h * d).reshape(h, 2, d)
    np.testing.assert_array_equal(query, view[:, 0].reshape(-1))
    np.testing.assert_array_equal(gate, view[:, 1].reshape(-1))


@given(SMALL, SMALL, SMALL)
def test_latent_keys_and_values(h: int, nope: int, v: int) -> None:
    """Per head kv_b holds the unrotated key, then the value."""
    sizes = SplitSizes(q_rows=h * v, heads=h, nope_dim=nope, v_dim=v)
    keys, values = listed(split_axis(Split.KV_B, h * (nope + v), sizes))
    view = np.arange(h * (nope + v)).reshape(h, nope + v)
    np.testing.assert_array_equal(keys, view[:, :nope].reshape(-1))
    np.testing.assert_array_equal(values, view[:, nope:].reshape(-1))


@given(st.integers(1, 99))
def test_halves_and_interleaving(half: int) -> None:
    """Halves are first and second, interleaved roles even and odd."""
    first, second = listed(split_axis(Split.HALVES, 2 * half, SplitSizes(half=half)))
    np.testing.assert_array_equal(np.concatenate([first, second]), np.arange(2 * half))
    even, odd = listed(split_axis(Split.INTERLEAVED, 2 * half, SplitSizes()))
    np.testing.assert_array_equal(np.stack([even, odd], axis=1).reshape(-1), np.arange(2 * half))


@given(
    st.sampled_from(Split),
    st.integers(-3, 300),
    st.builds(
        SplitSizes,
        q_rows=st.integers(0, 200),
        head_dim=st.integers(0, 20),
        half=st.integers(0, 150),
        kv_lora=st.integers(0, 200),
        heads=st.integers(0, 5000),
        nope_dim=st.integers(0, 20),
        v_dim=st.integers(0, 20),
    ),
)
def test_any_split_covers_its_axis_or_refuses(split: Split, n: int, sizes: SplitSizes) -> None:
    """Whatever the sizes, a split that is given lists each of the n indices exactly once."""
    pieces = split_axis(split, n, sizes)
    if pieces is None:
        return
    every = np.sort(np.concatenate(listed(pieces)))
    np.testing.assert_array_equal(every, np.arange(n))


def test_sizes_that_do_not_fit_are_refused() -> None:
    """One row too many, a missing size and a contradicted configuration all give None."""
    fits = SplitSizes(q_rows=8, head_dim=2)
    assert split_axis(Split.QKV_GROUPED, 16, fits) is not None
    assert split_axis(Split.QKV_GROUPED, 17, fits) is None
    assert split_axis(Split.QKV_GROUPED, 16, SplitSizes(q_rows=8)) is None
    assert split_axis(Split.QKV, 8, SplitSizes(q_rows=8)) is None
    assert split_axis(Split.HALVES, 10, SplitSizes(half=4)) is None
    assert split_axis(Split.KV_A, 6, SplitSizes(kv_lora=6)) is None
    stated = SplitSizes(q_rows=6, heads=2, nope_dim=3, v_dim=3)
    assert split_axis(Split.KV_B, 10, stated) is None
    assert split_axis(Split.LISTED, 10, SplitSizes()) is None
