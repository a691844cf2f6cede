"""Nurturing: when a touch that was decided is written, after an outage too."""
