"""The open page in a real browser: an address to a card, a refused model, the width of a phone.

Needs Chromium, so it is run by its own name: ``make browser``.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from hubcheck.demo.run import MODELS
from tests.card.browser import Browser
from tests.hubserver import LocalHub
from tests.serve.receiving import Receiving

PICTURES: Final = os.environ.get("HUBCHECK_PICTURES", "")
"""A folder for what was seen, where somebody wants to look."""
PHONE, DESKTOP = 390, 1000
PLACE: Final = "location.pathname"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiving]:
    """Return the open page beside a Hub with public models and a private one."""
    with LocalHub() as hub:
        hub.add_repo("zoo/base", MODELS / "base")
        hub.add_repo("acme/finetune", MODELS / "finetune")
        hub.add_repo("acme/hidden", MODELS / "twin", private=True)
        environment = {"HF_ENDPOINT": hub.endpoint, "HUBCHECK_WEBHOOK_SECRET": ""}
        state = tmp_path_factory.mktemp("state")
        with Receiving(state, "--open", environment=environment) as started:
            yield started
            assert started.terminate() == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return one browser for all tests."""
    with Browser() as one:
        yield one


def seen(browser: Browser, name: str) -> None:
    """Save what is seen where somebody wants to look."""
    if PICTURES:
        browser.picture(Path(PICTURES) / f"{name}.png")


def typed(browser: Browser, field: str, text: str) -> None:
    """Type into a field, as a person would."""
    browser.value(f"document.getElementById('{field}').value = ''")
    browser.value(f"document.getElementById('{field}').focus()")
    browser.call("Input.insertText", text=text)


def until(browser: Browser, script: str, *, seconds: float = 60.0) -> None:
    """Wait until a line of script is true on whatever page is there."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if browser.value(script):
                return
        except AssertionError:  # between two pages
            pass
        assert time.monotonic() < deadline, script
        time.sleep(0.05)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_an_address_becomes_a_card(
    browser: Browser, server: Receiving, width: int, dark: bool
) -> None:
    """Paste two addresses, press the button, watch, read the card; nothing is wider than the page."""
    browser.open(f"http://127.0.0.1:{server.port}/", width=width, height=900, dark=dark)
    name = f"checker-{width}-{'dark' if dark else 'light'}"
    seen(browser, name)
    assert browser.value("document.documentElement.scrollWidth") <= width
    typed(browser, "model", "https://huggingface.co/acme/finetune")
    typed(browser, "other", "zoo/base")
    browser.press("Enter")
    until(browser, f"{PLACE}.startsWith('/c/')")
    seen(browser, f"{name}-watch")
    until(browser, "document.querySelector('.bar') !== null")
    assert re.fullmatch(r"/c/[0-9a-f]{20}", browser.value(PLACE))
    assert "The weights match the declared base" in browser.value(
        "document.querySelector('h1').textContent"
    )
    assert "hubcheck replay report.json" in browser.value(
        "document.querySelector('.bar').textContent"
    )
    assert browser.value("document.documentElement.scrollWidth") <= width
    seen(browser, f"{name}-card")


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_a_private_model_is_refused(browser: Browser, server: Receiving, width: int) -> None:
    """The reason stands above the form, and what was typed in it."""
    browser.open(f"http://127.0.0.1:{server.port}/", width=width, height=900)
    typed(browser, "model", "acme/hidden")
    browser.press("Enter")
    until(browser, "document.querySelector('[role=alert]') !== null")
    assert "public models only" in browser.value(
        "document.querySelector('[role=alert]').textContent"
    )
    assert browser.value("document.getElementById('model').value") == "acme/hidden"
    seen(browser, f"refused-{width}")


def test_an_empty_form_is_not_sent(browser: Browser, server: Receiving) -> None:
    """The browser itself asks for a model; no script does."""
    browser.open(f"http://127.0.0.1:{server.port}/", width=PHONE, height=900)
    browser.value("document.querySelector('button').click()")
    time.sleep(0.3)
    assert browser.value(PLACE) == "/"
    assert browser.value("document.getElementById('model').validity.valueMissing")
