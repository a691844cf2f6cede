"""Amounts: thousandths of a point as people write them, exactly."""

from integration.core.rules.scoring_rules import POINT

MINUS = "\N{MINUS SIGN}"


def amount(thousandths: int) -> str:
    """`15`, `4.2`, `0.125`: never rounded."""
    whole, rest = divmod(abs(thousandths), POINT)
    sign = MINUS if thousandths < 0 else ""
    return f"{sign}{whole}" + (f".{rest:03d}".rstrip("0") if rest else "")


def signed(thousandths: int) -> str:
    """`+15`, and `6` after a minus sign."""
    return amount(thousandths) if thousandths < 0 else f"+{amount(thousandths)}"
