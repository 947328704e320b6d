"""The pipeline: how a request becomes a report."""
