"""Nurturing: tracks, touches, first moves and the routing between tracks."""
