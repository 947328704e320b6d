"""How much of a suspect's own change do siblings hold? Families of tiny models that tell."""
