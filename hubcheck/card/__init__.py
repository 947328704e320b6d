"""How does a report read?

``compose`` turns a report into a document, ``markdown`` and ``html`` render it, ``badge`` and
``table`` are the short forms, ``explain`` says what each word means. Nothing here reads a file, a
clock or the network: the same report gives the same bytes.
"""
