"""How is a value of the command line or of a policy file read?"""

from __future__ import annotations

import argparse
from typing import Final
from urllib.parse import urlsplit

from hubcheck.errors import printable

SIZE_UNITS: Final = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9,
                     "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}  # fmt: skip


def parse_size(text: str) -> int:
    """Return bytes for ``64MB``, ``1.5GB``, ``1MiB`` or a plain number.

    Raises:
        argparse.ArgumentTypeError: it is not a size.
    """
    digits = text.strip().upper()
    number = digits.rstrip("KMGIB")
    unit = digits[len(number) :]
    try:
        return int(float(number) * SIZE_UNITS[unit])
    except (KeyError, ValueError, OverflowError) as error:
        message = f"{printable(text)!r} is not a size; write 64MB, 1GB or a number of bytes"
        raise argparse.ArgumentTypeError(message) from error


def parse_seed(text: str) -> int:
    """Return a seed from 0 to 2**63 - 1.

    Raises:
        argparse.ArgumentTypeError: it is not one.
    """
    # Twenty digits hold every seed; a longer number is not worth being turned into one.
    if not text.isascii() or not text.isdecimal() or len(text) > 20 or int(text) >= 2**63:  # noqa: PLR2004
        message = f"{printable(text)!r} is not a seed; write a number from 0 to 2**63 - 1"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def parse_endpoint(text: str) -> str:
    """Return the address of a model behind an API, ``https://host/v1#model``; empty for none.

    Raises:
        argparse.ArgumentTypeError: it is none, or may hold a key: it is written into the command
            on a card. Such an address is not repeated, for logs are read by others, too.
    """
    address, _, model = text.partition("#")
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
        good = good and bool(model) and text.isprintable() and "@" not in parts.netloc
    except ValueError:
        good = False
    if "?" in text or ("@" in address and not good):
        message = (
            "the address of a model behind an API has no query and no user, for it stands on the "
            "card; write https://host/v1#model, and a key into HUBCHECK_ENDPOINT_KEY=HOST=KEY"
        )
        raise argparse.ArgumentTypeError(message)
    if text and not good:
        message = f"{printable(text)!r} is no model behind an API; write https://host/v1#model"
        raise argparse.ArgumentTypeError(message)
    return text


def parse_mirror(text: str) -> tuple[str, str]:
    """Return the name and the folder of ``org/name=folder``.

    Raises:
        argparse.ArgumentTypeError: one of them is missing.
    """
    name, equals, folder = text.partition("=")
    if not (name and equals and folder):
        message = f"{printable(text)!r} is not a mirror; write org/name=folder"
        raise argparse.ArgumentTypeError(message)
    return name, folder
