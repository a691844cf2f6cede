"""Chance in the sandbox is seeded: the same seed gives the same people, ids and orders."""

from random import Random  # noqa: TID251  # the sandbox's one source of chance, always seeded

Chance = Random
