"""Where does the catalogue lie that ships with hubcheck?"""

from __future__ import annotations

from importlib.resources import files


def shipped() -> str:
    """Return the folder of the catalogue of the demo's models."""
    return str(files("hubcheck") / "demo" / "catalogue")
