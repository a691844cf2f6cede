"""Seniority from a job title.

A title is read word by word; the highest rank it names wins, except where words say that the person serves
the rank ("assistant to the CEO") or owns a thing and not the company ("product owner"). A title that names no
rank is an individual contributor's.
"""

import re

_WORD = re.compile(r"[^\W_]+")
_DOTTED = re.compile(r"\b(?:[A-Za-z]\.){2,}")

_RANKS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (rank, re.compile(rf"\b(?:{words})\b"))
    for rank, words in (
        (
            "ic",
            r"(?:executive|personal|administrative|team) assistant|(?:assistant|advis[eo]r|aide) to|secretary|pa|ea",
        ),
        ("ic", r"(?:product|process|service|system|data|business) owner|head (?:nurse|chef|coach|hunter)"),
        ("ic", r"lead gen(?:eration)?"),
        ("director", r"chief of staff"),
        ("c_level", r"chief \w+|c[adefilmnoprst]o|c[dhilmr]?[acimprstx]o|cpto|chro|founder|cofounder|owner"),
        ("c_level", r"managing (?:director|partner)|general partner|geschäftsführer(?:in)?|pdg|(?<!vice )president"),
        ("vp", r"[aegrs]?vp|vice president"),
        ("director", r"director|dir|directeur|directrice|direktor(?:in)?|head|leiter(?:in)?"),
        ("manager", r"manager|mgr|lead|leader|supervisor|foreman|superintendent|controller"),
    )
)


def seniority(title: str) -> str:
    """`ic`, `manager`, `director`, `vp` or `c_level` for a title; "" for a blank one.

    Rule: [rules: fields and activities].
    """
    undotted = _DOTTED.sub(lambda found: found.group().replace(".", ""), title)
    words = " ".join(_WORD.findall(undotted.casefold()))
    if not words:
        return ""
    return next((rank for rank, pattern in _RANKS if pattern.search(words)), "ic")
