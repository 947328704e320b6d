"""Writes the page of attacks: ``python -m tests.attacks.page``."""

from __future__ import annotations

from tests.attacks.registry import PAGE, page

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
