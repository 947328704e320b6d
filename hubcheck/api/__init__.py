"""hubcheck as functions, for notebooks, pipelines and tests: the calls, and what they return."""
