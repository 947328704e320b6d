"""Does the subject hold what a suspect made of a declared base? A look at three models."""
