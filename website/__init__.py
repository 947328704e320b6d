"""The documentation as a site: built from ``docs/`` and the gallery, by nothing but this folder."""
