"""Through replay's own reading and sorting: the order and repetition of lines change nothing that is printed."""

import json
from contextlib import closing
from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st
from test_core_properties import END, THOROUGH, histories, playbooks

from integration.commands.replaying.replay_run import Replay
from integration.core.compiled.compiled_playbook import CompiledPlaybook
from integration.core.model.events import AccountChanged, Event, LeadChanged
from mappings.values.instant import show


def line(event: Event) -> bytes:
    told: dict[str, object] = {"at": show(event.at)}
    match event:
        case AccountChanged():
            told |= {"kind": "account", "account": event.account, "fields": dict(event.fields)}
        case LeadChanged():
            told |= {"kind": "lead", "lead": "ana", "fields": {"account": "acme", **event.fields}}
        case _:
            told |= {"kind": "activity", "id": event.id, "lead": "ana", "type": event.type}
            told["properties"] = dict(event.properties)
    return json.dumps(told).encode() + b"\n"


def printed(playbook: CompiledPlaybook, lines: list[bytes], until: int) -> tuple[list[bytes], list[bytes]]:
    with closing(Replay(playbook.playbook, BytesIO(b"".join(lines)), "lines", until)) as replay:
        return [each[-1] for each in replay.effects], [each[-1] for each in replay.leads]


@THOROUGH
@given(playbooks, histories(), st.data())
def test_lines_in_any_order_with_duplicates_give_the_same_effects_keys_and_standings(
    playbook: CompiledPlaybook, events: list[Event], data: st.DataObject
) -> None:
    lines = [line(event) for event in events]
    shuffled = data.draw(st.permutations([*lines, *lines[:3]]))
    assert printed(playbook, shuffled, END) == printed(playbook, lines, END)
