"""The tests that read more: disguised copies, the full layer map, changed widths and experts."""
