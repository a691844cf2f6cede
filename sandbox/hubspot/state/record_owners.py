"""The people who own records, and the pipelines that deals go through."""

from typing import Any

_STAMP = "2024-02-12T08:30:00.000Z"
_PEOPLE = (
    ("84120011", "Maren", "Holt"),
    ("84120027", "Tomasz", "Wilk"),
    ("84120034", "Adaeze", "Obi"),
    ("84120048", "Lucia", "Ferrant"),
)


def owner(id_: str, first: str, last: str, email: str) -> dict[str, Any]:
    """Somebody who can own records, as the owners API shows them."""
    return {
        "id": id_,
        "email": email,
        "type": "PERSON",
        "firstName": first,
        "lastName": last,
        "userId": int(id_) - 13_607_667,
        "userIdIncludingInactive": int(id_) - 13_607_667,
        "createdAt": _STAMP,
        "updatedAt": _STAMP,
        "archived": False,
        "teams": [{"id": "3310", "name": "Sales development", "primary": True}],
    }


OWNERS: tuple[dict[str, Any], ...] = tuple(
    owner(id_, first, last, f"{first}.{last}@fernhill-systems.example".lower()) for id_, first, last in _PEOPLE
)

_STAGES = (
    ("appointmentscheduled", "Appointment scheduled", "0.2", "false"),
    ("qualifiedtobuy", "Qualified to buy", "0.4", "false"),
    ("presentationscheduled", "Presentation scheduled", "0.6", "false"),
    ("contractsent", "Contract sent", "0.9", "false"),
    ("closedwon", "Closed won", "1.0", "true"),
    ("closedlost", "Closed lost", "0.0", "true"),
)

PIPELINES: dict[str, list[dict[str, Any]]] = {
    "deals": [
        {
            "id": "default",
            "label": "Sales pipeline",
            "displayOrder": 0,
            "archived": False,
            "createdAt": _STAMP,
            "updatedAt": _STAMP,
            "stages": [
                {
                    "id": id_,
                    "label": label,
                    "displayOrder": place,
                    "archived": False,
                    "createdAt": _STAMP,
                    "updatedAt": _STAMP,
                    "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
                    "metadata": {"isClosed": closed, "probability": probability},
                }
                for place, (id_, label, probability, closed) in enumerate(_STAGES)
            ],
        }
    ],
}
"""Object types without a pipeline of their own have none."""
