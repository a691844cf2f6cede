"""Attacks on a server of our own, each with its time and whether everything works as before."""
