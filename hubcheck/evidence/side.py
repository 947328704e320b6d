"""What does a test need to know of one of the two models?

A side is a model's anatomy and reader, the ids of the tokens both models share, and the token
frames made from them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.frozen import frozen
from hubcheck.statistics.profiles import FloatArray, unit_rows
from hubcheck.statistics.whitening import whitened_frame


@frozen
class SharedTokens:
    """Ids of the tokens two vocabularies share, aligned, sorted by the base's id."""

    base_ids: tuple[int, ...] = ()
    subject_ids: tuple[int, ...] = ()
    base_reserved: tuple[int, ...] = ()
    """Ids that training never saw, present in both vocabularies."""
    subject_reserved: tuple[int, ...] = ()
    one_vocabulary: bool = False
    """Every id stands for the same text in both: special and reserved tokens, too."""


class Side:
    """One model of a comparison."""

    def __init__(self, reader: Reader, token_ids: tuple[int, ...]) -> None:
        """Bind a reader to the drawn token ids of this model.

        Args:
            reader: The model's reader, shared between comparisons.
            token_ids: Embedding rows of the drawn tokens; empty when no vocabulary is shared.
        """
        self.reader = reader
        self.anatomy: Anatomy = reader.anatomy
        self.token_ids = token_ids
        self._frame: NDArray[np.float32] | None = None
        self._head_frame: NDArray[np.float32] | None = None

    def let_go(self) -> None:
        """Forget the frames."""
        self._frame = self._head_frame = None

    # -- what the frames need ---------------------------------------------------------------

    def token_rows(self, role: Role) -> tuple[Wanted, ...]:
        """Return the wanted embedding (or head) rows of the shared tokens.

        Where embeddings have a width of their own, what carries them into the stream comes second.
        A head without a row for each of them is of another vocabulary: none of its rows are.
        """
        matrix = self.anatomy.get(role)
        if matrix is None or not self.token_ids or max(self.token_ids) >= matrix.n_out:
            return ()
        rows = Wanted(matrix=matrix, units=self.token_ids, why="token-frame")
        into = self.anatomy.get(Role.EMBED_IN) if role is Role.EMBED else None
        if into is not None and into.n_in == matrix.n_in:
            return rows, Wanted(matrix=into, why="token-frame")
        return (rows,) if matrix.n_in == self.anatomy.geometry.hidden else ()

    def in_stream(self, rows_te: FloatArray) -> FloatArray:
        """Return embedding rows as they enter the residual stream, [t, d]."""
        into = self.anatomy.get(Role.EMBED_IN)
        if into is None:
            return rows_te
        return rows_te @ self.reader.block(Wanted(matrix=into, why="token-frame")).T

    def gain(self, role: Role, layer: int) -> tuple[Wanted, ...]:
        """Return the wanted norm gain, if the model has it."""
        matrix = self.anatomy.get(role, layer)
        return () if matrix is None else (Wanted(matrix=matrix, why="norm-gain"),)

    def mlp_gain_role(self, layer: int) -> Role:
        """Return which norm feeds the MLP: its own, or the attention's in a parallel block."""
        has = self.anatomy.get
        parallel = has(Role.NORM_MLP_IN, layer) is None and has(Role.NORM_MLP_POST, layer) is None
        return Role.NORM_ATTN_IN if parallel else Role.NORM_MLP_IN

    # -- frames --------------------------------------------------------------------------------

    def gain_values(self, role: Role, layer: int) -> NDArray[np.float32]:
        """Return the gain [d] with the family's offset added, or ones where there is none."""
        wanted = self.gain(role, layer)
        if not wanted:
            return np.ones(1, dtype=np.float32)
        stored = self.reader.block(wanted[0])[:, 0]
        return stored + np.float32(self.anatomy.norm_offset)

    @property
    def embedded(self) -> FloatArray | None:
        """The embeddings of the shared tokens as they enter the stream [t, d], if any are shared.

        Their order of channels is that of the stream, whatever width they are stored in.
        """
        wanted = self.token_rows(Role.EMBED)
        return self.in_stream(self.reader.block(wanted[0])) if wanted else None

    @property
    def frame(self) -> NDArray[np.float32] | None:
        """The whitened embedding frame [t, d], or None when no tokens are shared."""
        if self._frame is None:
            rows_td = self.embedded
            if rows_td is not None:
                self._frame = self._whitened("stream", lambda: whitened_frame(rows_td))
        return self._frame

    @property
    def head_frame(self) -> NDArray[np.float32] | None:
        """The whitened frame of what reads the stream at its end [t, d], or None.

        That is the output head times the final gain; where a layer stands between the two (masked
        language models), the embeddings, which lie in the stream that the blocks write to.
        """
        if self._head_frame is None:
            if not self.anatomy.head_reads_stream:
                self._head_frame = self.frame
                return self._head_frame
            wanted = self.token_rows(self.head_role)
            if wanted:
                rows_td = self.reader.block(wanted[0])
                rows_td = self.in_stream(rows_td) if self.head_role is Role.EMBED else rows_td
                gain_d = self.gain_values(Role.NORM_FINAL, -1).astype(np.float64)
                self._head_frame = self._whitened("head", lambda: whitened_frame(rows_td * gain_d))
        return self._head_frame

    def _whitened(self, which: str, make: Callable[[], FloatArray]) -> NDArray[np.float32]:
        """Return a frame, which hangs on the model and the tokens alone."""
        return self.reader.made((which, self.token_ids), make, lambda frame: frame.nbytes)

    @property
    def head_role(self) -> Role:
        """Whose rows stand for the tokens at the end of the stream.

        The embedding's where the two are tied, the head does not read the stream itself, or has
        fewer rows than there are tokens (the head of SigLIP's text stack is a projection).
        """
        head, embed = (self.anatomy.get(role) for role in (Role.LM_HEAD, Role.EMBED))
        if head is None or not self.anatomy.head_reads_stream:
            return Role.EMBED
        short = embed is not None and head.n_out < embed.n_out
        return Role.EMBED if short else Role.LM_HEAD

    def through_tokens(
        self, rows_ud: NDArray[np.float32], gain_d: NDArray[np.float32]
    ) -> NDArray[np.float32] | None:
        """Return reader rows seen through the shared tokens, [u, t]: (rows * gain) F^T.

        Models with LayerNorm subtract the stream's mean, so what rows do to it is removed.
        """
        if self.frame is None:
            return None
        # Lengths of rows and of the gain as a whole cancel later; taken out now, none overflows.
        largest = np.abs(gain_d).max()
        seen_ud = unit_rows(rows_ud) * (gain_d / largest if largest > 0 else gain_d)
        if not self.anatomy.rms_norm:
            seen_ud = seen_ud - seen_ud.mean(axis=1, keepdims=True)
        return np.asarray(seen_ud @ self.frame.T, dtype=np.float32)

    def written_to_tokens(self, rows_ud: FloatArray) -> NDArray[np.float32] | None:
        """Return writer rows (columns of ``down`` or ``o``) seen through the head, [u, t]."""
        if self.head_frame is None:
            return None
        return np.asarray(unit_rows(rows_ud) @ self.head_frame.T, dtype=np.float32)


def drawn_tokens(draw: Draw, tokens: SharedTokens, hidden: int) -> tuple[int, ...]:
    """Return positions in the list of shared tokens.

    Where two vocabularies order their tokens differently, rows that do not follow each other cost
    a request each: then fewer are drawn, and such that few lie alone.
    """
    positions = draw.tokens(len(tokens.base_ids), hidden)
    ids = [tokens.subject_ids[p] for p in positions]
    apart = sum(b != a + 1 for a, b in pairwise(ids))
    if 2 * apart <= len(ids):
        return positions
    return draw.tokens_apart(tokens.base_ids, tokens.subject_ids, hidden)
