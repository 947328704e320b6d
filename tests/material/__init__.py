"""Of what do tests and benchmarks make the models that they check? Raw material, no tests."""
