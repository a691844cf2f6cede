"""Scores: points, caps, decay, patterns, and what machines did and nobody counts."""
