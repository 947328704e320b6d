"""Which documents do other programs read a report as? Rendered from the report and nothing else."""
