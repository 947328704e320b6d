"""How does a page become a PDF?

A browser of this machine prints it: no package here sets type in two scripts, and each of these
does. The page forbids scripts and requests itself, and the browser gets a profile of its own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from hubcheck.errors import UsageError, printable

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
                   "chrome", "msedge", "microsoft-edge", "brave-browser")  # fmt: skip
PLACES: Final = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
SECONDS: Final = 120
FLAGS: Final = (
    *("--headless", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--no-pdf-header-footer"),
)


def browser() -> str:
    """Return the first browser there is that prints without a window.

    Raises:
        UsageError: There is none.
    """
    named = (found for name in BROWSERS if (found := shutil.which(name)))
    placed = (place for place in PLACES if Path(place).is_file())
    program = next(named, None) or next(placed, None)
    if program is None:
        raise UsageError(
            "No browser was found that could print a PDF.",
            cause="neither Chromium, Chrome, Edge nor Brave is on the path.",
            next_step="leave --pdf out and print the page from your own browser, or install one.",
        )
    return program


def lacks(language: str) -> bool:
    """Return whether no font of this machine has a language's letters, where that can be asked."""
    program = shutil.which("fc-list")
    if program is None:  # macOS and Windows have fonts of every script
        return False
    try:
        found = subprocess.run(  # noqa: S603 - a program of the system, a word of ours
            [program, f":lang={language}", "family"], check=False, timeout=SECONDS,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return found.returncode == 0 and not found.stdout.strip()


def print_pdf(page: Path, out: Path) -> None:
    """Write a page as a PDF.

    Raises:
        UsageError: There is no browser, or it made none.
    """
    program = browser()
    # As root, as in a container, these browsers start without their sandbox or not at all.
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        made = Path(folder) / "page.pdf"
        words = [program, *FLAGS, *root, f"--user-data-dir={folder}/profile",
                 f"--print-to-pdf={made}", page.resolve().as_uri()]  # fmt: skip
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(  # noqa: S603 - a browser that was found, a page of ours
                words, check=False, timeout=SECONDS, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        if not made.is_file():
            raise UsageError(
                f"{printable(Path(program).name)} made no PDF.",
                cause="it could not start here, or took too long.",
                next_step="leave --pdf out and print the page from your own browser.",
            )
        shutil.copyfile(made, out)
