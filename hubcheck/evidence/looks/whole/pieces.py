"""Into which pieces is the work cut, and what does one piece give?

A piece is some lines of one pair; a batch is what is fetched by one read a side: pieces that follow
each other in the subject. Cuts depend on the models alone, never on threads, processes or devices,
so that sums are the same whoever makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubcheck.checkpoint.rows import require_finite
from hubcheck.devices.arrays import WORDS
from hubcheck.devices.choice import Device
from hubcheck.devices.reduction import PairSums, pair_sums
from hubcheck.errors import HubcheckError, UnreadableError
from hubcheck.evidence.looks.whole import rank as ranks
from hubcheck.evidence.looks.whole.equality import comparable_bits
from hubcheck.evidence.looks.whole.halves import UNPACKED, Half, Words, values_of
from hubcheck.evidence.looks.whole.pairing import Pair
from hubcheck.evidence.looks.whole.rank import Rank
from hubcheck.evidence.refused import SIDES, SideName
from hubcheck.frozen import frozen
from hubcheck.source.interface import Span
from hubcheck.source.ranges import plan_runs

PIECE_VALUES: Final = 4 << 20
"""Values of a piece: 8 MB a side in bfloat16. A few of them are in memory at a time; larger ones
gain nothing from a disk and little from a network."""
WIDEST: Final = 16 << 20
"""Values of a piece whose lines are long: it holds the lines that a rank is estimated from."""


@frozen
class Piece:
    """Lines ``start`` to ``stop`` of one pair."""

    pair: int
    """Number in the list of pairs."""
    number: int
    """Number within the pair."""
    start: int
    stop: int
    ranked: bool
    """The rank of the pair's change is estimated from this piece."""


@frozen
class Batch:
    """Pieces that are read together."""

    pieces: tuple[Piece, ...]


@frozen
class Found:
    """What one piece gave."""

    pair: int
    number: int
    sums: PairSums
    rank: Rank | None
    """Only of the piece that was asked for it."""


class WhoseError(HubcheckError):
    """A value of one side is not a number."""

    def __init__(self, side: SideName, error: UnreadableError) -> None:
        """Say which side and which value."""
        super().__init__(error.what, cause=error.cause, next_step=error.next_step)
        self.side = side
        self.error = error


def pieces_of(number: int, pair: Pair) -> list[Piece]:
    """Return the pieces of one pair."""
    lines, width = pair.base.lines, pair.base.width
    if lines * width == 0:
        return []
    size = max(PIECE_VALUES // width, min(ranks.LINES, WIDEST // width), 1)
    starts = range(0, lines, size)
    # The one in the middle: of an embedding, tokens that are neither the rarest nor the oddest.
    middle = (len(starts) - 1) // 2
    return [
        Piece(pair=number, number=n, start=start, stop=min(start + size, lines), ranked=n == middle)
        for n, start in enumerate(starts)
    ]


def batches_of(pairs: Sequence[Pair]) -> list[Batch]:
    """Return all work, in the order in which the subject's bytes lie."""
    batches: list[Batch] = []
    waiting: list[Piece] = []
    held = 0
    for number, pair in enumerate(pairs):
        pieces = pieces_of(number, pair)
        turned = pair.base.turned or pair.subject.turned
        for piece in pieces:
            size = (piece.stop - piece.start) * pair.base.width
            if waiting and held + size > PIECE_VALUES and not (turned and piece.number):
                batches.append(Batch(pieces=tuple(waiting)))
                waiting, held = [], 0
            waiting.append(piece)
            held += size
    if waiting:
        batches.append(Batch(pieces=tuple(waiting)))
    return batches


def spans_of_batch(batch: Batch, halves: Sequence[Half]) -> list[list[Span]]:
    """Return the spans of each piece of a batch on one side.

    Args:
        batch: The batch.
        halves: That side's half of every pair.
    """
    spans: list[list[Span]] = []
    for n, piece in enumerate(batch.pieces):
        half = halves[piece.pair]
        again = half.turned and n > 0 and batch.pieces[n - 1].pair == piece.pair
        # A turned matrix is read whole once; its later pieces share what the first one read.
        spans.append([] if again else half.spans(piece.start, piece.stop))
    return spans


def cost(batch: Batch, halves: Sequence[Half]) -> int:
    """Return the bytes that a batch reads on one side."""
    spans = [span for some in spans_of_batch(batch, halves) for span in some]
    return sum(run.size for run in plan_runs(spans, gap=0))


def compare(pair: Pair, piece: Piece, base: Words, subject: Words, device: Device) -> Found:
    """Return what one piece gives.

    Args:
        pair: The pair.
        piece: The piece.
        base: Its lines in the base, as stored, [lines, width].
        subject: Its lines in the subject, [lines, width].
        device: Where to sum.

    Raises:
        WhoseError: a value is not finite.
    """
    dtypes = (pair.base.dtype, pair.subject.dtype)
    same = dtypes[0] == dtypes[1] and dtypes[0] in WORDS
    flat = [_floats(w, d) for w, d in zip((base, subject), dtypes, strict=True)]
    sums = pair_sums(
        flat[0][0],
        flat[1][0],
        dtypes=(flat[0][1], flat[1][1]),
        bits=None if same else comparable_bits(base, subject, *dtypes),
        device=device,
    )
    if not sums.finite:
        _refuse(pair, piece, base, subject)
    return Found(
        pair=piece.pair,
        number=piece.number,
        sums=sums,
        rank=_rank(pair, base, subject, sums, device) if piece.ranked else None,
    )


def _floats(words: Words, dtype: str) -> tuple[Words, str]:
    """Return flat words that a device can widen, and their dtype."""
    if dtype in WORDS:
        return words.reshape(-1), dtype
    return values_of(words, dtype).reshape(-1).view("<u4"), "F32"


def _rank(pair: Pair, base: Words, subject: Words, sums: PairSums, device: Device) -> Rank:
    """Return the rank of the change, estimated from some values of a piece."""
    if pair.vector:
        return ranks.VECTOR
    if sums.change_square == 0 and sums.values == pair.base.lines * pair.base.width:
        return ranks.NO_CHANGE
    if UNPACKED in (pair.base.dtype, pair.subject.dtype):
        return ranks.QUANTISED
    lines = ranks.chosen(base.shape[0], ranks.LINES)
    columns = ranks.chosen(base.shape[1], ranks.COLUMNS)
    return ranks.estimate(
        values_of(base[lines].take(columns, axis=1), pair.base.dtype),
        values_of(subject[lines].take(columns, axis=1), pair.subject.dtype),
        device,
    )


def _refuse(pair: Pair, piece: Piece, base: Words, subject: Words) -> None:
    """Raise the error that names the first value that is no number."""
    halves = ((pair.base, base), (pair.subject, subject))
    for side, (half, words) in zip(SIDES, halves, strict=True):
        try:
            require_finite(values_of(words, half.dtype), half.record.name, first_row=piece.start)
        except UnreadableError as error:
            raise WhoseError(side, error) from error
