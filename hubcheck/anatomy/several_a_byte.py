"""Do integer codes have the shapes of this model's matrices, or those of several codes a byte?

Eight-bit codes with scales are read as weights of the shape that is stored. A program that puts two
codes of four bits into such a byte stores half the inputs or outputs, and nothing in the file says
so. The stream does: a matrix that neither reads nor writes it, and would with two, four or eight
codes a byte, is packed. Such a model is not read, for the rest of it would be wrong as well.
"""

from __future__ import annotations

from typing import Final

from hubcheck.anatomy.interface import Anatomy

PER_BYTE: Final = (2, 4, 8)
CODED: Final = "int8"
"""What the names of storages begin with that hold one code a byte."""
MIN_SHARE: Final = 0.05
"""Of a model's coded matrices: in a layer of a decoder, k, gate and up show it, of seven; a tower's
few matrices of another width must not switch a whole check off."""


def packed_several(anatomy: Anatomy) -> bool:
    """Say whether matrices stored as one code a byte must hold several."""
    hidden = anatomy.geometry.hidden
    tensors = anatomy.checkpoint.tensors
    coded = [
        name for name, t in tensors.items() if t.storage is not None and CODED in t.storage.name
    ]
    if not hidden or not coded:
        return False
    unknown = frozenset(anatomy.unknown)
    halved = 0
    for name in coded:
        axes = tensors[name].shape[-2:]
        if name in unknown and hidden not in axes:
            halved += any(n * axis == hidden for axis in axes for n in PER_BYTE)
    return halved >= MIN_SHARE * len(coded)
