"""Where in its repository does a model lie, and what are its weights, component by component?

Every component is a model of its own, opened in its folder; together they are one checkpoint and
one anatomy, each read once. A diffusion model that was released as one file has its components in
that file.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Self

from hubcheck.anatomy.components import with_components
from hubcheck.anatomy.config import text_of
from hubcheck.anatomy.interface import Anatomy
from hubcheck.anatomy.of_model import anatomy_of_model, several_in_one_file
from hubcheck.anatomy.one_file import Parts
from hubcheck.anatomy.several_a_byte import packed_several
from hubcheck.candidates.documents import JsonDocument, read_json_object
from hubcheck.checkpoint.composite import Piece, joined
from hubcheck.checkpoint.disagreement import Disagreement
from hubcheck.checkpoint.gguf import SUFFIX as GGUF_SUFFIX
from hubcheck.checkpoint.gguf import tower_files
from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.checkpoint.layout import Layout, LayoutKind, layout_of
from hubcheck.checkpoint.opening import loaded_files, open_checkpoint
from hubcheck.checkpoint.packed import SEVERAL_A_BYTE, packed_storage
from hubcheck.checkpoint.pair_order import PairOrder
from hubcheck.checkpoint.variants import several_sets
from hubcheck.checkpoint.weights_below import refuse_below
from hubcheck.computed_once import computed_once
from hubcheck.errors import (
    HubcheckError,
    NoWeightsError,
    UnreadableError,
    UnsupportedFormatError,
)
from hubcheck.evidence.reading import Reader
from hubcheck.report.phrases import Clauses, PhraseCode, phrase
from hubcheck.source.interface import FileEntry, Pin, Source
from hubcheck.source.remembering import RememberingSource
from hubcheck.source.selected import SelectedSource


class LaidOut:
    """A model by its files: its layout, its configuration, its weights."""

    def __init__(
        self,
        source: Source,
        files: tuple[FileEntry, ...],
        *,
        left_out: Mapping[str, str] = MappingProxyType({}),
        is_subject: bool = False,
        located: Anatomy | None = None,
        pairs: PairOrder | None = None,
    ) -> None:
        """Wrap an opened source.

        Args:
            source: Where the bytes come from.
            files: Its files, digests filled in where they are known.
            left_out: Paths that were not listed (a link out of the folder), with the reason.
            is_subject: Whether this is the model under test: values that cannot be used are then
                its own fault, whichever base it is held against.
            located: Of a component in a file of several: where its tensors lie in it.
            pairs: In which order its four-bit codes lie, where values of another model show it.
        """
        self.source = RememberingSource(source)
        self.files = files
        self.left_out = left_out
        self.is_subject = is_subject
        self.pairs = pairs
        self._located = located

    @property
    def pin(self) -> Pin:
        """The model and the state it is fixed to."""
        return self.source.pin

    @computed_once
    def layout(self) -> Layout:
        """Where the weights lie: at top level, in a folder, in a folder a component."""
        return layout_of(self.source)

    @property
    def lies_in_folders(self) -> bool:
        """Whether this is a model although no weights lie at its top level."""
        try:
            return self.layout.kind is not LayoutKind.PLAIN
        except HubcheckError:
            return False

    @property
    def layout_notes(self) -> Clauses:
        """What was chosen or left out among several folders."""
        try:
            refused = self._refusals
            notes = self.layout.notes
        except HubcheckError:
            return ()  # why the weights cannot be read is told where they are needed
        left_out = (
            phrase(PhraseCode.LAYOUT_REFUSED, component=name, detail=error.what)
            for name, error in refused.items()
        )
        return (*notes, *left_out)

    @property
    def opening_notes(self) -> Clauses:
        """What was left out of the files that were opened; nothing of weights that were not."""
        try:
            return self.checkpoint.notes
        except HubcheckError:
            return ()

    @computed_once
    def body_source(self) -> Source:
        """The files of the model itself, without those of other components and variants."""
        body = self.layout.body
        if body is None:
            return self.source
        return SelectedSource(self.source, body, ref=self.pin.ref, files=self.files)

    @computed_once
    def components(self) -> Mapping[str, Self]:
        """The components beside the body, each a model of its own, by name; often none."""
        found: dict[str, Self] = {}
        for one in self.layout.components:
            ref = f"{self.pin.ref}:{one.name}"
            source = SelectedSource(self.source, one.shown, ref=ref, files=self.files)
            found[one.name] = type(self)(source, source.files(), is_subject=self.is_subject)
        return found

    @computed_once
    def body(self) -> Self:
        """The model without the components beside it; of a pipeline nothing is left."""
        if not self.components:
            return self
        shown = self.layout.body or {f.path: f.path for f in self.files if "/" not in f.path}
        source = SelectedSource(self.source, shown, ref=self.pin.ref, files=self.files)
        return type(self)(source, source.files(), is_subject=self.is_subject)

    @computed_once
    def config(self) -> Mapping[str, object]:
        """``config.json``, or ``params.json`` as Meta and Mistral publish it; hostile values.

        Empty when both are absent or unusable.
        """
        if self._located is not None or self.layout.kind is LayoutKind.PIPELINE:
            return {}
        paths = {f.path for f in self.body_source.files()}
        only_params = "params.json" in paths and "config.json" not in paths
        name = "params.json" if only_params else "config.json"
        document = read_json_object(self.body_source, name)
        return document.values if isinstance(document, JsonDocument) else {}

    @computed_once
    def checkpoint(self) -> Checkpoint:
        """Every tensor of the weights, located by the headers, whatever role it plays.

        Raises:
            UnsupportedFormatError: the weights are in a format that is not read here.
            UnreadableError: the headers contradict themselves.
        """
        body, parts = self.body_checkpoint, self.readable_components
        in_file = self._parts_in_file
        if in_file is not None:
            return in_file.whole
        if body is not None and body.source is self.source and not parts:
            return body
        where = {one.name: one.shown for one in self.layout.components}
        pieces = [
            Piece(name=name, checkpoint=m.checkpoint, real_paths=where[name])
            for name, m in parts.items()
        ]
        if body is not None:
            pieces.insert(0, Piece(name="", checkpoint=body, real_paths=self.layout.body or {}))
        return joined(self.source, pieces)

    @computed_once
    def body_checkpoint(self) -> Checkpoint | None:
        """The tensors of the model itself, as its own files name them; None for a pipeline.

        Raises:
            UnsupportedFormatError: as ``checkpoint``.
            UnreadableError: as ``checkpoint``.
        """
        return None if self._parts_in_file is not None else self._opened

    @computed_once
    def _opened(self) -> Checkpoint | None:
        """The tensors that the model's own files hold; None for a pipeline."""
        if self._located is not None:
            return self._located.checkpoint
        if self.layout.kind is LayoutKind.PIPELINE:
            return None
        if self.layout.kind is LayoutKind.PLAIN:
            refuse_below(self.pin, (f.path for f in self.files))
        return open_checkpoint(self.body_source, self.config)

    @computed_once
    def _several_in_file(self) -> tuple[Parts, Anatomy] | None:
        """The components that lie in one file, and the body's anatomy; None where it is one."""
        if self._located is not None or self.components or self._opened is None:
            return None
        return several_in_one_file(self._opened)

    @property
    def _parts_in_file(self) -> Parts | None:
        """The components that lie in one file, as diffusion models are released; else None."""
        return None if self._several_in_file is None else self._several_in_file[0]

    @computed_once
    def _models_in_file(self) -> Mapping[str, Self]:
        """The components that lie in one file, each a model of its own."""
        if self._several_in_file is None:
            return {}
        parts, body = self._several_in_file
        anatomies = {parts.name: body}
        anatomies |= {name: anatomy_of_model(part, {}) for name, part in parts.beside.items()}
        return {
            name: type(self)(self.source, self.files, is_subject=self.is_subject, located=anatomy)
            for name, anatomy in sorted(anatomies.items())
        }

    @computed_once
    def _refusals(self) -> Mapping[str, UnreadableError]:
        """Why components cannot be read that are no weights of a known kind, by name.

        Raises:
            UnreadableError: a component contradicts itself, or none of a pipeline can be read.
        """
        refused: dict[str, UnreadableError] = {}
        for name, part in self.components.items():
            try:
                _ = part.reader
            except (UnsupportedFormatError, NoWeightsError) as error:
                refused[name] = error
            except UnreadableError as error:
                if not several_sets(f.path for f in part.files):
                    raise
                refused[name] = error  # no loader knows which of them to read
        if refused and len(refused) == len(self.components) and self.body_checkpoint is None:
            raise next(iter(refused.values()))
        return refused

    @property
    def readable_components(self) -> Mapping[str, Self]:
        """The components whose weights are of a kind that is read."""
        if self._parts_in_file is not None:
            return self._models_in_file
        return {n: m for n, m in self.components.items() if n not in self._refusals}

    @computed_once
    def reader(self) -> Reader:
        """The weights, headers read and roles found.

        Raises:
            UnsupportedFormatError: the weights are in a format that is not read here.
            UnreadableError: the headers contradict themselves.
        """
        if self._located is not None:
            own = replace(self._located.checkpoint, of_subject=self.is_subject)
            return Reader(replace(self._located, checkpoint=own))
        checkpoint = self.checkpoint
        packed = packed_storage(checkpoint)
        if packed:
            raise self._stored_as(packed)
        checkpoint = replace(checkpoint, of_subject=self.is_subject)
        parts = self.readable_components
        if not parts:
            anatomy = anatomy_of_model(checkpoint, self.config)
            if packed_several(anatomy):
                raise self._stored_as(SEVERAL_A_BYTE)
            return Reader(anatomy)
        body_tensors = self.body_checkpoint.tensors if self.body_checkpoint is not None else {}
        located = {name: checkpoint.tensors[name] for name in body_tensors}
        body = anatomy_of_model(replace(checkpoint, tensors=located), self.config)
        anatomies = {name: part.anatomy for name, part in parts.items()}
        title = text_of(self.layout.title)
        whole = with_components(body, checkpoint, anatomies, title=title)
        in_file = self._parts_in_file
        if in_file is None:
            return Reader(whole)
        others = {name: role for name, role in whole.others.items() if name not in in_file.left}
        return Reader(replace(whole, others=others, unknown=tuple(sorted(in_file.left))))

    def _stored_as(self, storage: str) -> UnsupportedFormatError:
        """Return the refusal of weights in a storage that is not read."""
        return UnsupportedFormatError(
            f"The weights of {self.pin.ref} are stored as {storage}.",
            cause="packed storage cannot be compared value by value.",
            next_step="check the unpacked model, or wait for support of this storage.",
            format_name=storage,
        )

    @property
    def disagreements(self) -> tuple[Disagreement, ...]:
        """In what its files disagree about its weights, as far as they were opened."""
        opened = self.__dict__.get("checkpoint")
        return opened.disagreements if isinstance(opened, Checkpoint) else ()

    @property
    def anatomy(self) -> Anatomy:
        """Which tensor plays which role."""
        return self.reader.anatomy

    @computed_once
    def loaded_files(self) -> tuple[FileEntry, ...]:
        """The weight files that a loader loads, sorted by path: what every finding speaks of.

        No header is read, an index may be; only beside a GGUF's tower the headers are, because one
        that cannot be opened is left out. Empty where there is no one set of files: the refusal
        says why, once the weights are asked for.
        """
        try:
            paths = self._loaded_paths()
        except HubcheckError:
            return ()
        if any(_is_gguf(p) for p in paths) and tower_files({f.path: f.size for f in self.files}):
            with suppress(HubcheckError):
                paths = set(self.checkpoint.paths)
        return tuple(f for f in self.files if f.path in paths)

    def _loaded_paths(self) -> set[str]:
        """Return the paths of all files that a loader loads, of every component."""
        found: set[str] = set()
        if self.layout.kind is not LayoutKind.PIPELINE:
            real = self.layout.body or {}
            found = {real.get(p, p) for p in loaded_files(self.body_source, self.config)}
        for one in self.layout.components:
            part = self.components[one.name]
            found |= {one.shown[f.path] for f in part.loaded_files}
        return found


def _is_gguf(path: str) -> bool:
    return path.lower().endswith(GGUF_SUFFIX)
