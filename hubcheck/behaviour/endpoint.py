"""What does a model behind an API go on with, held against an open one?

A server that speaks OpenAI's completions: ``POST /completions`` with a text, one token asked for,
and the likeliest tokens it tells (``logprobs``). Only these can be compared, as text: how often its
first is the open model's first, and how many of its top tokens are among the open model's. What it
answers is hostile: sizes are bounded, and nothing of it is shown.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urldefrag

from hubcheck.behaviour.comparison import same_word
from hubcheck.behaviour.interface import NotRun, NotRunError, Wanted
from hubcheck.behaviour.prompts import LENGTH, beginnings
from hubcheck.behaviour.running import Runner
from hubcheck.frozen import frozen

TOP: Final = 5
"""Tokens a server is asked for: the most that OpenAI's completions tell."""
TIMEOUT: Final = 60.0
LARGEST: Final = 1 << 20
"""Bytes of one answer."""


@frozen
class Heard:
    """How alike a server and an open model go on."""

    positions: int
    agreement: float
    """Share of texts that both would go on with by the same word."""
    overlap: float
    """Share of the server's top tokens that are among as many of the open model's."""


def address_of(endpoint: str) -> tuple[str, str]:
    """Return the address of the completions, and the model's name there.

    Args:
        endpoint: As ``request.values.parse_endpoint`` let it pass.
    """
    address, model = urldefrag(endpoint)
    return f"{address.rstrip('/')}/completions", model


def heard(wanted: Wanted, runner: Runner) -> Heard:
    """Ask a server to go on with the beginnings of texts, and the open model, too.

    Raises:
        NotRunError: it does not answer as such a server does.
    """
    address, model = address_of(wanted.endpoint)
    agreeing = overlap = 0.0
    texts = beginnings()
    rows = [runner.ids(text)[-4 * LENGTH :] for text in texts]
    if not all(rows):
        raise NotRunError(NotRun.NO_TOKENIZER)
    seen = runner.seen(rows, [[len(row) - 1] for row in rows])
    for text, scores in zip(texts, seen.scores, strict=True):
        there = _top(_answer(address, model, text, wanted.key))
        here = [runner.text(int(n)) for n in scores.argsort()[::-1][: len(there)]]
        agreeing += same_word(there[0], here[0])
        overlap += sum(any(same_word(a, b) for b in here) for a in there) / len(there)
    n = len(texts)
    return Heard(positions=n, agreement=round(agreeing / n, 3), overlap=round(overlap / n, 3))


def _answer(address: str, model: str, text: str, key: str) -> Any:
    asked = {"model": model, "prompt": text, "max_tokens": 1, "temperature": 0, "logprobs": TOP}
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(address, json.dumps(asked).encode(), headers)  # noqa: S310 - http(s) alone, see address_of
    try:
        with _OPENER.open(request, timeout=TIMEOUT) as answer:
            raw = answer.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise NotRunError(NotRun.ENDPOINT, "TooLarge")
        return json.loads(raw)
    except HTTPError as error:
        error.close()
        raise NotRunError(NotRun.ENDPOINT, type(error).__name__) from error
    except (OSError, ValueError, RecursionError) as error:
        raise NotRunError(NotRun.ENDPOINT, type(error).__name__) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A key for one host is not carried to another."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing."""


_OPENER: Final = urllib.request.build_opener(_NoRedirect)


def _top(answer: Any) -> list[str]:
    """Return the likeliest tokens of an answer, the likeliest first."""
    try:
        top = answer["choices"][0]["logprobs"]["top_logprobs"][0]
        if isinstance(top, Mapping):
            pairs = [(float(value), str(token)) for token, value in top.items()]
            ranked = [token for _, token in sorted(pairs, key=lambda pair: -pair[0])]
            if ranked:
                return ranked[:TOP]
    except (KeyError, IndexError, TypeError, ValueError):
        pass
    raise NotRunError(NotRun.ENDPOINT, "NoLogprobs")
