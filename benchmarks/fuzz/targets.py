"""What reads or renders hostile bytes, and what do sound inputs of each look like?"""

from __future__ import annotations

import base64
import io
import json
import pickle
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.formats.fuzz import OneFile, packed_seed, torch_seed
from benchmarks.fuzz.structure import restructured
from hubcheck.anatomy.read import anatomy_of
from hubcheck.candidates.declared import read_declaration
from hubcheck.candidates.documents import parse_json_object
from hubcheck.candidates.front_matter import parse_front_matter
from hubcheck.candidates.leaked import card_names, names_in
from hubcheck.candidates.vocabulary_formats import (
    parse_sentencepiece,
    parse_tekken,
    parse_tiktoken,
    parse_tokenizer_json,
    parse_vocab_json,
    parse_vocab_txt,
)
from hubcheck.card import badge, escaping, html, markdown
from hubcheck.card.compose import compose
from hubcheck.card.table import summary
from hubcheck.checkpoint.header import parse_header
from hubcheck.checkpoint.opening import open_checkpoint
from hubcheck.checkpoint.strict_json import load_object
from hubcheck.checkpoint.torch_pickle import read_state
from hubcheck.errors import MissingModelError, printable
from hubcheck.publish.github.artifact import unpack
from hubcheck.publish.github.body import page
from hubcheck.publish.github.state import read_state as read_comment
from hubcheck.publish.github.stranger import read_stranger
from hubcheck.publish.model_card import with_section
from hubcheck.report.load import report_in
from hubcheck.request.policy_file import parse_policy
from hubcheck.request.values import parse_size
from hubcheck.serve.payload import read_delivery
from hubcheck.source.interface import FileEntry, Pin, Span
from hubcheck.source.ledger import Ledger, Purpose
from hubcheck.source.page_address import parse_page_address
from hubcheck.source.pointer import parse_pointer
from hubcheck.source.reference import parse_hub_reference
from tests.material.formats.gguf_file import gguf_seed

MODELS = Path(__file__).parents[2] / "hubcheck" / "demo" / "models"
WORDS = [
    b"[", b"]", b"{", b"}", b'"', b":", b",", b"\\u0000", b"\\ud800", b"1e999", b"NaN", b"-1", b"null",
    b"true", b"9" * 400, b"\xff\xfe", b"\xe2\x80\xae", b"\x00", b"\x1b[2J", b"\n", b"\r", b"---\n", b"&a",
    b"*a", b"!!python/object:os.system", b"<<: ", b"|\n", b"`" * 5, b"](javascript:x)", b"<script>",
    b"<!-- hubcheck -->", b"::error::", b"%0A", b"../", b"/etc/passwd", b"~", b"@refs/pr/9", b"=" * 300,
    "\U0001f600\u200d\u202e".encode(), b"&#x3c;", b"$(x)", b"{{x}}", b"|", b"file://", b"http://[::1",
]  # fmt: skip


class Documents:
    """A model of documents alone."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.pin = Pin(ref="fuzz/m", revision="0" * 40, created="")
        self.ledger = Ledger(1 << 40)
        self._files = files

    def files(self) -> tuple[FileEntry, ...]:
        """Return the files."""
        return tuple(FileEntry(path=p, size=len(d), sha256="") for p, d in self._files.items())

    def read(self, spans: Any, purpose: Purpose) -> list[bytes]:
        """Return spans."""
        found: list[Span] = list(spans)
        self.ledger.charge(sum(s.size for s in found), purpose, requests=len(found))
        return [self._files[s.path][s.start : s.stop] for s in found]

    def read_document(self, path: str, *, limit: int) -> bytes:
        """Return a document."""
        if path not in self._files:
            raise MissingModelError(f"no {path} {limit}", cause="fuzz.", next_step="none.")
        return self._files[path]


@dataclass(frozen=True)
class Target:
    """One reader or renderer."""

    name: str
    take: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    raises: tuple[type[Exception], ...] = ()
    """What it may raise beside errors of ours."""
    words: list[bytes] = field(default_factory=lambda: WORDS)


def _demo(name: str) -> Callable[[], list[bytes]]:
    return lambda: [p.read_bytes()[:30_000] for p in sorted(MODELS.glob(f"*/{name}"))]


def _report_seeds(*, every: bool = False) -> list[bytes]:
    root = Path(__file__).parents[2] / "tests"
    golden = sorted((root / "report" / "reports-1.0").glob("*.json"))[: None if every else 4]
    from tests.card.reports import cases

    made = [r.model_dump_json().encode() for r in list(cases().values())[: None if every else 6]]
    return [*(p.read_bytes() for p in golden), *made]


def _open(path: str) -> Callable[[bytes], object]:
    return lambda raw: anatomy_of(open_checkpoint(OneFile(path, raw), {}), {})


def _text(call: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda raw: call(raw.decode("utf-8", "surrogateescape"))


def _declared(raw: bytes) -> object:
    card, _, config = raw.partition(b"\n%%\n")
    source = Documents({"README.md": card, "config.json": config, "adapter_config.json": config})
    return read_declaration(source)


def _rendered(raw: bytes) -> object:
    """Render whatever is read as a report."""
    try:
        report = report_in(raw)
    except ValueError:
        return None
    document = compose(report)
    texts = (
        markdown.render(document),
        html.render(document),
        badge.svg(report),
        summary(report),
        page(report),
    )
    for text in texts:
        text.encode("utf-8", "replace")
    return texts


@cache
def _reports() -> list[Any]:
    return [json.loads(raw) for raw in _report_seeds(every=True)]


def _restructured(raw: bytes) -> object:
    """Render a report of the right form, whose content the input chooses."""
    chance = random.Random(raw)
    return _rendered(json.dumps(restructured(chance.choice(_reports()), chance)).encode())


def _escaped(text: str) -> None:
    in_markup = (
        escaping.markdown_text,
        escaping.html_text,
        escaping.html_attribute,
        escaping.code_element,
    )
    elsewhere = (
        escaping.markdown_code,
        escaping.plain_text,
        escaping.code_line,
        escaping.yaml_value,
    )
    for one in (*in_markup, *elsewhere):
        shown = one(text)
        assert one in elsewhere or "<script" not in shown.lower()
        assert "\x1b" not in shown
        assert "\n" not in shown
    assert printable(text).isprintable()


def _names(raw: bytes) -> object:
    list(card_names(raw))
    document = parse_json_object(raw, "x")
    return list(names_in(getattr(document, "values", {})))


def _archive() -> list[bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.json", b"{}" * 100)
        archive.writestr("card.md", b"x" * 100)
    return [buffer.getvalue()]


def _pickle() -> list[bytes]:
    import torch

    buffer = io.BytesIO()
    torch.save({"a.weight": torch.zeros(2, 3), "b": torch.zeros(4)}, buffer)
    with zipfile.ZipFile(buffer) as archive:
        name = next(n for n in archive.namelist() if n.endswith("data.pkl"))
        return [archive.read(name), pickle.dumps({"a": [1, 2, {"b": (3,)}]})]


def _header() -> list[bytes]:
    raw = (MODELS / "base" / "model.safetensors").read_bytes()
    length = int.from_bytes(raw[:8], "little")
    short = {
        "a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
        "__metadata__": {"format": "pt"},
    }
    return [raw[8 : 8 + length][:20_000], json.dumps(short).encode()]


DELIVERY = json.dumps(
    {"event": {"action": "update", "scope": "repo.content"}, "webhook": {"id": "1", "version": 3},
     "repo": {"type": "model", "name": "acme/m", "id": "x", "private": False, "headSha": "a" * 40},
     "updatedRefs": [{"ref": "refs/heads/main", "oldSha": "b" * 40, "newSha": "c" * 40}]}
).encode()  # fmt: skip
POLICY = b"model: models/a\nbases: [zoo/a, zoo/b]\nfail-on: [undeclared]\nallow:\n  - base: zoo/a\n    reason: known and agreed\n    expires: 2030-01-01\n"
STATE = b"<!-- hubcheck:v1 id=hubcheck state=" + base64.urlsafe_b64encode(
    b'{"verdict":"confirmed","conclusion":"pass","commit":"","run":1,"key":"","bases":[]}'
) + b" -->"  # fmt: skip

TARGETS = (
    Target("front-matter", parse_front_matter, _demo("README.md")),
    Target(
        "declaration",
        _declared,
        lambda: [
            a + b"\n%%\n" + b
            for a, b in zip(_demo("README.md")(), _demo("config.json")(), strict=False)
        ],
    ),
    Target("names-leaked", _names, lambda: [*_demo("README.md")(), *_demo("config.json")()]),
    Target("json-object", lambda raw: parse_json_object(raw, "x"), _demo("config.json")),
    Target("strict-json", lambda raw: load_object(raw, "x"), _demo("config.json")),
    Target("tokenizer-json", lambda raw: parse_tokenizer_json(raw, "x"), _demo("tokenizer.json")),
    Target(
        "vocab-json", lambda raw: parse_vocab_json(raw, "x"), lambda: [b'{"a":0,"b":1,"<s>":2}']
    ),
    Target(
        "vocab-txt", lambda raw: parse_vocab_txt(raw, "x"), lambda: [b"[PAD]\n[UNK]\nthe\n##s\n"]
    ),
    Target("tiktoken", lambda raw: parse_tiktoken(raw, "x"), lambda: [b"IQ== 0\nIg== 1\nIw== 2\n"]),
    Target(
        "tekken",
        lambda raw: parse_tekken(raw, "x"),
        lambda: [
            b'{"vocab":[{"rank":0,"token_bytes":"AA=="}],"config":{"default_vocab_size":10,"default_num_special_tokens":2}}'
        ],
    ),
    Target(
        "sentencepiece",
        lambda raw: parse_sentencepiece(raw, "x"),
        lambda: [b"\x0a\x08\x0a\x01a\x15\x00\x00\x80\x3f" * 4 + b"\x12\x02\x08\x01"],
    ),
    Target("safetensors-header", lambda raw: parse_header(raw, path="x", file_size=10**6), _header),
    Target("safetensors", _open("model.safetensors"), lambda: [packed_seed()[:200_000]]),
    Target("gguf", _open("model.gguf"), lambda: [gguf_seed()]),
    Target("torch-archive", _open("pytorch_model.bin"), lambda: [torch_seed()]),
    Target("torch-pickle", lambda raw: read_state(raw, path="x"), _pickle),
    Target(
        "lfs-pointer",
        parse_pointer,
        lambda: [
            b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12\n"
        ],
    ),
    Target(
        "reference",
        _text(parse_hub_reference),
        lambda: [
            b"org/name",
            b"org/name@main",
            b"org/name:folder@v1",
            b"https://huggingface.co/a/b/tree/main/x",
        ],
    ),
    Target(
        "page-address",
        _text(parse_page_address),
        lambda: [b"https://huggingface.co/a/b/blob/main/x.bin?y#z"],
    ),
    Target("size", _text(parse_size), lambda: [b"64MB", b"1.5 GiB"], (Exception,)),
    Target("policy-file", lambda raw: parse_policy(raw, shown="x"), lambda: [POLICY]),
    Target("delivery", read_delivery, lambda: [DELIVERY]),
    Target("artifact", unpack, _archive),
    Target("comment-state", _text(read_comment), lambda: [STATE]),
    Target("stranger-report", read_stranger, _report_seeds),
    Target("renderers", _rendered, _report_seeds),
    Target("report-structure", _restructured, lambda: [b"report"]),
    Target(
        "escaping",
        _text(_escaped),
        lambda: [b"a `b` [c](d) <e> *f* | g\n", "\u202e\u200d".encode()],
    ),
    Target(
        "model-card",
        lambda raw: with_section(raw, "<!-- hubcheck -->\nx\n<!-- /hubcheck -->\n"),
        _demo("README.md"),
    ),
)
"""Every one of them."""
