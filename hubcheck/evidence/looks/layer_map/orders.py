"""Which orders of a layer can be held against those of every layer of another model?

The tests of ``evidence`` compare layers that correspond; here the same rows, the same kv group and
the same expert are taken in all layers of both models, so that any layer can be held against any.
Later looks take rows (or kv groups) that no earlier look has seen: the order inside disjoint
blocks is exchangeable block by block, so their e-values multiply, and which pairs are looked at
again may depend on what was seen before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.devices.blocks import Block as Work
from hubcheck.devices.store import Store
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Block, Profiles
from hubcheck.evidence.orders.mlps import DENSE, EXPERT, MAY_BECOME, SHARED, MlpRoles
from hubcheck.evidence.orders.neurons import NeuronTest
from hubcheck.evidence.orders.vo import ValueTest, value_dims, value_groups
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.statistics.profiles import FloatArray

LATER_ROWS: Final = 128
"""Neurons of a later look at a layer that the first left open."""
PROFILE_FLOPS: Final = 4096
"""Operations to make profiles of one value: seen through a thousand tokens, in two views."""
PAIR_FLOPS: Final = 256
"""Operations of one value held against another layer: 64 rows of it, in two frames."""
_NUMBERS: Final = count()
"""Tells the orders of one store apart."""


class RowsOfNeurons(NeuronTest):
    """The neurons of a layer: the first rows drawn, cut to a size, or rows after those."""

    def __init__(
        self, base: Anatomy, subject: Anatomy, draw: Draw, roles: MlpRoles, *, rows: int, look: int
    ) -> None:
        """Bind the models.

        Args:
            base: The base's anatomy.
            subject: The subject's anatomy.
            draw: The seeded choices.
            roles: The kind of MLP.
            rows: Rows of the first look at most.
            look: 0 for the first look, 1 and on for rows disjoint from all before.
        """
        super().__init__(base, subject, draw, roles)
        self._rows, self._look = rows, look

    def units(self, side: Side, block: Block) -> tuple[int, ...]:
        """Return the rows of this look: a function of the family's size alone."""
        up = self._up(side.anatomy, block)
        if up is None:
            return ()
        drawn = self.draw.rows(up.n_out, self._values_a_row(up), 0)
        first = drawn[: self._rows]
        if self._look == 0:
            return first
        after = [(first[-1] + 1 + n) % up.n_out for n in range(up.n_out - len(first))]
        return tuple(after[(self._look - 1) * LATER_ROWS : self._look * LATER_ROWS])

    def count(self, side: Side, block: Block) -> int:
        """Return the neurons of an MLP; 0 without one."""
        up = self._up(side.anatomy, block)
        return 0 if up is None else up.n_out


class LayerOrder:
    """One kind of order, present in some layers of both models, the same indices in each."""

    def __init__(
        self,
        base: Side,
        subject: Side,
        test: RowsOfNeurons | ValueTest,
        member: int = -1,
        subject_member: int | None = None,
        *,
        kinds: tuple[str, str] = ("", ""),
        store: Store | None = None,
    ) -> None:
        """Bind a test to one member of every layer.

        Args:
            base: The base.
            subject: The subject.
            test: The test that reads and describes the rows.
            member: Expert or kv group of the base; -1 for none.
            subject_member: That of the subject; the same by default.
            kinds: Of MLP in base and subject, for neurons.
            store: Where profiles wait until they are needed again; its own by default.
        """
        self.test = test
        self._member = {True: member, False: member if subject_member is None else subject_member}
        self._kind = {True: kinds[0], False: kinds[1]}
        self._base, self._subject = base, subject
        n_base, n_subject = base.anatomy.geometry.layers, subject.anatomy.geometry.layers
        self.base_size = {i: self._size(base, self.base_block(i)) for i in range(n_base)}
        self.subject_size = {
            j: self._size(subject, self.subject_block(j)) for j in range(n_subject)
        }
        common = set(self.base_size.values()) & set(self.subject_size.values()) - {0}
        self.base_layers = tuple(i for i, n in self.base_size.items() if n in common)
        self.subject_layers = tuple(j for j, n in self.subject_size.items() if n in common)
        self.store = Store() if store is None else store
        self._number = next(_NUMBERS)
        self._in_blocks: dict[str, bool] = {}

    @property
    def name(self) -> str:
        """The order in a word, as in the evidence: neurons, vo-dimensions."""
        return self.test.test.value

    def block(self, layer: int, *, of_base: bool, held_against: int) -> Work[int]:
        """Return a layer as work: profiles are made and held against those of other layers."""
        values = self._values(layer, of_base=of_base)
        return Work(work=layer, flops=values * (PROFILE_FLOPS + PAIR_FLOPS * held_against))

    def pair_block(self, pair: tuple[int, int]) -> Work[tuple[int, int]]:
        """Return a pair of base and subject layer as work."""
        i, j = pair
        values = self._values(i, of_base=True) + self._values(j, of_base=False)
        needs = (self._name(i, of_base=True), self._name(j, of_base=False))
        return Work(work=pair, flops=values * (PROFILE_FLOPS + PAIR_FLOPS), needs=needs)

    def _values(self, layer: int, *, of_base: bool) -> int:
        """Return the values of a layer's rows."""
        side = self._base if of_base else self._subject
        block = self.base_block(layer) if of_base else self.subject_block(layer)
        rows = self.test.rows_wanted(side, block).values()
        return sum(
            (len(w.units) or w.matrix.n_out) * (len(w.inputs) or w.matrix.n_in) for w in rows
        )

    def _name(self, layer: int, *, of_base: bool) -> str:
        """Return what a layer's profiles lie under in the store."""
        return f"{self._number} {'base' if of_base else 'subject'} {layer}"

    def fits(self, i: int, j: int) -> bool:
        """Return whether base layer i and subject layer j have this order in one size."""
        return self.base_size.get(i, 0) == self.subject_size.get(j, 0) > 0

    def base_block(self, layer: int) -> Block:
        """Return the block of a base layer."""
        return Block(layer=layer, member=self._member[True], kind=self._kind[True])

    def subject_block(self, layer: int) -> Block:
        """Return the block of a subject layer."""
        return Block(layer=layer, member=self._member[False], kind=self._kind[False])

    def _size(self, side: Side, block: Block) -> int:
        """Return the units a layer has of this order; 0 where it cannot be used."""
        if not self.test.rows_wanted(side, block):
            return 0
        if isinstance(self.test, ValueTest):
            inside = block.member < value_groups(side.anatomy, block.layer)
            return value_dims(side.anatomy, block.layer) if inside else 0
        # one neuron left over has nothing to be confused with
        enough = len(self.test.units(side, block)) > 1
        return self.test.count(side, block) if enough else 0

    def of_base(self, layers: Iterable[int]) -> list[Wanted]:
        """Return what must be read of some layers of the base."""
        return [w for i in layers for w in self.test.wanted(self._base, self.base_block(i))]

    def of_subject(self, layers: Iterable[int]) -> list[Wanted]:
        """Return what must be read of some layers of the subject."""
        return [w for j in layers for w in self.test.wanted(self._subject, self.subject_block(j))]

    def base_profiles(self, layer: int) -> Profiles:
        """Return the views of a base layer whose rows were read."""
        return self._profiles(layer, of_base=True)

    def subject_profiles(self, layer: int) -> Profiles:
        """Return the views of a subject layer whose rows were read."""
        return self._profiles(layer, of_base=False)

    def _profiles(self, layer: int, *, of_base: bool) -> Profiles:
        """Return profiles out of the store, or make them and put them there."""
        name = self._name(layer, of_base=of_base)
        if name in self.store:
            return _unpacked(self.store.get(name), in_blocks=self._in_blocks[name])
        side = self._base if of_base else self._subject
        block = self.base_block(layer) if of_base else self.subject_block(layer)
        made = self.test.profiles(side, block)
        self._in_blocks[name] = made.in_blocks
        self.store.put(name, _packed(made))
        return made


def _packed(profiles: Profiles) -> dict[str, FloatArray]:
    """Return profiles as arrays by name."""
    return {
        "rows": profiles.rows,
        **{f"view {name}": array for name, array in profiles.views.items()},
        **{f"signed {name}": array for name, array in profiles.signed.items()},
    }


def _unpacked(arrays: Mapping[str, FloatArray], *, in_blocks: bool) -> Profiles:
    """Return profiles made of arrays by name."""

    def of(kind: str) -> dict[str, FloatArray]:
        return {
            name.removeprefix(kind): array
            for name, array in arrays.items()
            if name.startswith(kind)
        }

    return Profiles(
        views=of("view "), parts=(arrays["rows"],), in_blocks=in_blocks, signed=of("signed ")
    )


def layer_orders(
    base: Side,
    subject: Side,
    draw: Draw,
    *,
    rows: int,
    look: int,
    store: Store | None = None,
) -> list[LayerOrder]:
    """Return the orders that some layer of the base and some layer of the subject have in one size.

    Args:
        base: The base.
        subject: The subject.
        draw: The seeded choices.
        rows: Neurons of the first look at most.
        look: 0 for the first look; 1 and on for rows and kv groups that no look before has seen.
        store: Where profiles wait.
    """
    a, b = base.anatomy, subject.anatomy
    orders = []
    for roles in (DENSE, SHARED, EXPERT):
        test = RowsOfNeurons(a, b, draw, roles, rows=rows, look=look)
        # One order of the base counts once: against the first kind that the subject has in its size
        likely = (
            LayerOrder(
                base, subject, test, *_members(a, b, draw, roles, other),
                kinds=(roles.kind, other.kind), store=store,
            )
            for other in MAY_BECOME[roles.kind]
        )  # fmt: skip
        orders += [order for order in likely if order.base_layers][:1]
    groups = common_groups(a, b)
    turn = look if look == 0 else look + 1  # turn 1 belongs to the search over groups
    if turn < groups:
        member = (draw.one_of(groups, 0) + turn) % groups
        orders.append(LayerOrder(base, subject, ValueTest(a, b, draw), member, store=store))
    return [order for order in orders if order.base_layers]


def _members(
    a: Anatomy, b: Anatomy, draw: Draw, roles: MlpRoles, other: MlpRoles
) -> tuple[int, int]:
    """Return the expert of base and of subject that is taken in every layer; -1 for none."""
    sides = ((a, roles), (b, other))
    counts = [m.geometry.experts for m, kind in sides if kind is EXPERT]
    fewest = min(counts, default=0)
    drawn = draw.one_of(fewest, 0) if fewest else -1
    return (drawn if roles is EXPERT else -1, drawn if other is EXPERT else -1)


def group_orders(
    base: Side, subject: Side, draw: Draw, store: Store | None = None
) -> list[LayerOrder]:
    """Return one kv group of the base, seen by no look, against every kv group of the subject.

    Whoever shuffles kv groups leaves the order inside each; the group is then found by trying all.
    """
    a, b = base.anatomy, subject.anatomy
    groups = common_groups(a, b)
    if groups <= 1:
        return []
    test = ValueTest(a, b, draw)
    member = (draw.one_of(groups, 0) + 1) % groups
    of_subject = max(value_groups(b, j) for j in range(b.geometry.layers))
    every = [LayerOrder(base, subject, test, member, h, store=store) for h in range(of_subject)]
    return [order for order in every if order.base_layers]


def common_groups(a: Anatomy, b: Anatomy) -> int:
    """Return the kv groups that every layer with V of either model has at least."""
    counts = [value_groups(m, layer) for m in (a, b) for layer in range(m.geometry.layers)]
    return min((n for n in counts if n), default=0)
