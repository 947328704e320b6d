"""Which published model does a model come from: sketches, their index, and the search in it."""
