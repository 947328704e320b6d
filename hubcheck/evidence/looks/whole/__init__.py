"""How far did every value move? Both models streamed, tensor by tensor."""
