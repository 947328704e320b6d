"""What the evidence means: words, verdicts, relation, policy and the report."""
