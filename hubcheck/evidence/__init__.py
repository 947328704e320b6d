"""The tests: which orders two models share, and what that is worth.

``compare`` runs them in sequence; ``reading`` fetches canonical rows and columns; ``draw`` decides
by seed which; ``families`` turns rows into hit counts; ``combine`` turns counts into one bound.
"""
