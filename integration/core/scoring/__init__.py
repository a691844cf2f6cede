"""Scoring: points, caps, decay, patterns, and the activities of machines, which count for nothing."""
