"""README files as people write them, and as nobody should: the shapes an edit must survive."""

from __future__ import annotations

from typing import Final

BOM: Final = b"\xef\xbb\xbf"
YAML: Final = b"---\nlicense: apache-2.0\nbase_model: acme/base-7b\n---\n"
OLD: Final = (
    b"<!-- hubcheck:section:start (text up to the end marker is replaced) -->\n"
    b"\nold text\n\n<!-- hubcheck:section:end -->\n"
)
IN_FENCE: Final = b"```\n" + OLD + b"```\n"

SHAPES: Final[dict[str, bytes]] = {
    "no README": b"",
    "only white space": b"\n\n  \n",
    "text, no YAML": b"# Model\n\nIt is good.\n",
    "no newline at the end": b"# Model\n\nIt is good.",
    "blank lines at the end": b"# Model\n\n\n\n",
    "white space at the ends of lines": b"# Model  \n\nhard  \nbreak\t\n   \n",
    "YAML and text": YAML + b"# Model\n",
    "YAML alone": YAML,
    "YAML without a newline behind it": YAML[:-1],
    "YAML that is empty": b"---\n---\n# Model\n",
    "YAML never closed": b"---\nlicense: mit\n\n# Model\n",
    "YAML below blank lines": b"\n\n" + YAML + b"# Model\n",
    "YAML comments": b"---\n# keep me  # and me\nlicense: mit # why\n\n---\n# Model\n",
    "YAML quoting and order": b"---\nversion: 1.10\ntags: [ 'b', \"a\",  b ]\nlicense: 'mit'\n---\nx\n",
    "YAML anchors and blocks": b"---\na: &x\n  - 1\nb: *x\nc: |\n  ---\n  text\n---\n# M\n",
    "YAML that is broken": b"---\nlicense: [mit\n\tkey: : :\n---\n# Model\n",
    "YAML with spaces behind the rules": b"---  \nlicense: mit\n---\t\n# Model\n",
    "rules in the text": YAML + b"# Model\n\n---\n\nmore\n\n---\n",
    "rules in a code fence": YAML + b"```yaml\n---\nlicense: mit\n---\n```\n",
    "byte order mark": BOM + YAML + b"# Model\n",
    "byte order mark alone": BOM,
    "Windows newlines": (YAML + b"# Model\n\ntext\n").replace(b"\n", b"\r\n"),
    "Windows newlines and a mark": BOM + (YAML + b"# Model\n").replace(b"\n", b"\r\n"),
    "old Macintosh newlines": (YAML + b"# Model\n").replace(b"\n", b"\r"),
    "mixed newlines": b"# Model\r\n\r\na\r\nb\nc\rd\n",
    "emoji and right to left": "# Modèle 🤗\n\nשלום\u202e\n".encode(),
    "null byte and controls": b"# Model\x00\x0c\x0b\n\x85x\n".replace(b"\x85", b"\xc2\x85"),
    "fence never closed": YAML + b"# Model\n\n```python\nimport x\n",
    "tilde fence never closed": b"~~~\ntext\n```\n",
    "comment never closed": YAML + b"# Model\n<!-- to do\nlater\n",
    "raw HTML never closed": b"# Model\n<pre>\n  x\n",
    "markers shown in a fence": YAML + b"# Model\n\n" + IN_FENCE + b"\nend\n",
    "markers in a longer fence": b"````md\n" + IN_FENCE + b"````\n",
    "markers in a list's fence": b"- see\n- ```\n  " + OLD.replace(b"\n", b"\n  ") + b"\n  ```\n",
    "markers in a quoted fence": b"> ```\n> " + OLD.replace(b"\n", b"\n> ") + b"```\n\nend\n",
    "markers in indented code": b"text\n\n    " + OLD.replace(b"\n", b"\n    ") + b"\n",
    "markers inside a comment": b"<!--\n" + OLD.replace(b"-->", b"") + b"-->\nend\n",
    "markers named in a sentence": b"hubcheck writes `<!-- hubcheck:section:start -->` lines.\n",
    "a section": YAML + b"# Model\n\n" + OLD + b"\n## Licence\n",
    "a section at the top": OLD + b"# Model\n",
    "a section without the last newline": b"# Model\n\n" + OLD[:-1],
    "a section with Windows newlines": (YAML + OLD + b"\nend\n").replace(b"\n", b"\r\n"),
    "a section that was indented": b"# Model\n\n  " + OLD.replace(b"\n", b"\n  ", 3) + b"\nend\n",
    "a section in a fence and a real one": YAML + IN_FENCE + b"\n" + OLD + b"end\n",
    "a section with nothing in it": b"<!-- hubcheck:section:start -->\n<!-- hubcheck:section:end -->",
    "a section behind a list's open fence": b"- ```\n  x\n\n# Model\n\n" + OLD,
    "a table and HTML": b"<div align=center>\n\n# M\n</div>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    "a megabyte": b"# Model\n" + b"word " * 200_000 + b"\n",
}

START, END = OLD.split(b"\n")[0], OLD.split(b"\n")[4]

REFUSED: Final[dict[str, tuple[bytes, str]]] = {
    "start without end": (b"# M\n" + START + b"\ntext\n", "lost hubcheck's end marker"),
    "end without start": (b"# M\ntext\n" + END + b"\n", "lost hubcheck's start marker"),
    "end before start": (END + b"\n" + START + b"\n", "end marker before the start marker"),
    "two sections": (OLD + b"\n" + OLD, "markers more than once"),
    "two starts": (START + b"\n" + OLD, "markers more than once"),
    "two ends": (OLD + END + b"\n", "markers more than once"),
    "text on the marker's line": (START + b" hello\n" + END + b"\n", "damaged hubcheck marker"),
    "marker cut short": (OLD + b"<!-- hubcheck:section:st\n-->\n", "damaged hubcheck marker"),
    "end in a fence": (START + b"\n```\n" + END + b"\n", "lost hubcheck's end marker"),
    "UTF-16": ("# Model\n".encode("utf-16"), "not UTF-8 (byte 0)"),
    "Latin-1": ("# Modèle\n".encode("latin-1"), "not UTF-8 (byte 5)"),
}
