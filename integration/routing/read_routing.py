"""Reads a routing.yaml: the value, or every mistake in it with its place and the nearest right name."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any, get_args

from integration.core.rules.conditions import ALWAYS, Condition, Some
from integration.core.rules.playbook_rules import Playbook
from integration.playbook.language import grammar
from integration.playbook.language.grammar import Unreadable
from integration.playbook.language.names import Names, standing_fields
from integration.routing.read_alerts import AlertsReader
from integration.routing.routing_rules import NO_ROUTING, OwnerRole, Person, Pool, Route, Routing
from integration.settings.alert_channels import Channel
from mappings.yaml_files.located_yaml import Path, load
from mappings.yaml_files.problems import Problem, TooManyProblemsError, fatal, nearest, nearest_of

SECTIONS = ("people", "pools", "lists", "routes", "owner", "again", "escalation", "alerts")
HEAVIEST = 1_000
MOST_MEMBERS = 500
_ROLES: tuple[OwnerRole, ...] = get_args(OwnerRole)


def opened(
    path: str | None, playbook: Playbook, channels: Collection[Channel] | None = None
) -> tuple[Routing | None, tuple[Problem, ...]]:
    """The file that a setting names; no routing where it names none, None with every mistake in it otherwise."""
    if not path:
        return NO_ROUTING, ()
    try:
        text = FilePath(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        return None, (Problem(path, 1, 1, f"cannot be read: {reason}"),)
    return parse(text, path, playbook, channels)


def parse(
    text: str, file: str, playbook: Playbook, channels: Collection[Channel] | None = None
) -> tuple[Routing | None, tuple[Problem, ...]]:
    """The routing that a text says, in the words and with the lists of a playbook; problems sorted by their place.

    `channels` are those that the settings know; None where nobody has asked them: then any name will do.
    """
    found, problems = load(text, file)
    if found is None:
        return None, problems
    reader = RoutingReader(found, text, playbook, channels)
    routing: Routing | None = None
    try:
        routing = reader.routing(text)
    except TooManyProblemsError:
        return None, reader.report.problems()
    problems = reader.report.problems()
    return (None if fatal(problems) else routing), problems


def lists_of(playbook: Playbook) -> Mapping[str, Sequence[str]]:
    """The lists that a playbook's author has named; none where nobody has written it."""
    found, _ = load(playbook.text, "playbook") if playbook.text else (None, ())
    lists = found.value.get("lists") if found is not None and isinstance(found.value, dict) else None
    return lists if isinstance(lists, dict) else {}


class RoutingReader(AlertsReader):
    """Reads the whole file. Conditions are those of the playbook language."""

    def routing(self, text: str) -> Routing:
        """The value; what is wrong is in the report. Raises TooManyProblemsError."""
        top = self._table(self.located.value, (), SECTIONS)
        people = self._people(top.get("people"))
        pools = self._pools(top.get("pools"), people)
        routes = self._routes(top.get("routes"), pools, self._lists(top.get("lists")))
        escalation = self._table(top.get("escalation"), ("escalation",), ("second_breach",))
        reassigns = self._choice(escalation, ("escalation",), "second_breach", ("reassign",)) == "reassign"
        if reassigns and not routes:
            self._wrong(("escalation", "second_breach"), "there is nobody else without pools and routes")
        if pools and not routes:
            self._wrong(("pools",), "no route leads to a pool; add 'routes:'", key=True, severity="warning")
        return Routing(
            people=people,
            pools=pools,
            routes=routes,
            set_owner=self._choice(top, (), "owner", ("keep", "set")) == "set",
            same_person=self._choice(top, (), "again", ("same_person",)) == "same_person",
            reassign=reassigns,
            alerts=self._alerts(top["alerts"]) if "alerts" in top else None,
            text=text,
        )

    def _pools(self, raw: Any, people: Mapping[str, Person]) -> dict[str, Pool]:
        found: dict[str, Pool] = {}
        for name, told in self._table(raw, ("pools",)).items():
            path: Path = ("pools", name)
            table = self._table(told, path, ("members", "manager"))
            members = self._members(table.get("members"), (*path, "members"), people)
            if not table.get("members"):
                self._wrong((*path, "members"), f"pool '{name}' has no members: 'members: {{ana@acme.example: 1}}'")
            manager = self._email(table["manager"], (*path, "manager")) if "manager" in table else ""
            found[name] = Pool(name=name, members=members, manager=manager)
        return found

    def _members(self, raw: Any, path: Path, people: Mapping[str, Person]) -> dict[str, int]:
        """People by weight; a list of people means that all have the same."""
        if isinstance(raw, list):
            named: list[tuple[Any, Any, Path]] = [(each, 1, (*path, index)) for index, each in enumerate(raw)]
        else:
            named = [(each, weight, (*path, each)) for each, weight in self._table(raw, path).items()]
        found: dict[str, int] = {}
        for name, weight, at in named:
            key = not isinstance(raw, list)
            email = self._email(name, at, key=key)
            if isinstance(weight, bool) or not isinstance(weight, int) or not 1 <= weight <= HEAVIEST:
                self._wrong(at, f"a weight is a whole number from 1 to {HEAVIEST:,}")
            elif email in found:
                self._wrong(at, f"'{email}' stands here for the second time", key=key)
            elif email:
                found[email] = weight
                if email not in people and (meant := _meant(email, people)):
                    text = f"'{email}' is not among the people (did you mean '{meant}'?)"
                    self._wrong(at, text, key=key, severity="warning")
        if len(found) > MOST_MEMBERS:
            self._wrong(path, f"a pool has at most {MOST_MEMBERS:,} members")
        return found

    def _lists(self, raw: Any) -> dict[str, Sequence[str]]:
        """The file's own lists, which go before the playbook's."""
        own = self._table(raw, ("lists",))
        texts = {name: [text for text, _ in self._texts(each, ("lists", name))] for name, each in own.items()}
        return {**lists_of(self._playbook), **texts}

    def _routes(self, raw: Any, pools: Mapping[str, Pool], lists: Mapping[str, Sequence[str]]) -> tuple[Route, ...]:
        if raw is not None and not isinstance(raw, list):
            self._wrong(("routes",), "must be a list, tried from the top: - {if: country = DE, pool: emea}")
            return ()
        names, found, last = self._names(lists), list[Route](), 0
        for index, item in enumerate(raw or ()):
            path: Path = ("routes", index)
            if last:
                self._wrong(path, f"never reached: 'otherwise' stands on line {last}")
            table = self._table(item, path, ("if", "pool", "to", "else", "otherwise"))
            if "otherwise" in table:
                last = self.located.where_key((*path, "otherwise"))[0]
            found.append(self._route(table, path, pools, names))
        if found and not last:
            text = "a lead of whom no route holds has nobody: end with '- {otherwise: POOL}'"
            self._wrong(("routes",), text, key=True, severity="warning")
        return tuple(found)

    def _route(self, table: Mapping[str, Any], path: Path, pools: Mapping[str, Pool], names: Names) -> Route:
        line = self.located.where(path)[0]
        if "otherwise" in table:
            for other in ("if", "pool", "to", "else"):
                if other in table:
                    self._wrong(
                        (*path, other), f"'otherwise' names the pool itself; '{other}' has no place here", key=True
                    )
            return Route(pool=self._pool(table, path, "otherwise", pools), line=line)
        if "if" not in table:
            self._wrong(path, "a route has a condition ('if: country = DE'), or is 'otherwise: POOL', the last one")
        if ("pool" in table) == ("to" in table):
            self._wrong(path, f"a route leads to a pool or to an owner: 'pool: NAME' or 'to: {'|'.join(_ROLES)}'")
        to = self._choice(table, path, "to", _ROLES)
        if to and "else" not in table:
            self._wrong((*path, "to"), "a lead without that owner has nobody: add 'else: POOL'", severity="warning")
        condition, words = self._condition(table.get("if"), (*path, "if"), names)
        return Route(
            condition=condition,
            to=next((role for role in _ROLES if role == to), None),
            pool=self._pool(table, path, "pool", pools),
            otherwise=self._pool(table, path, "else", pools),
            words=words,
            line=line,
        )

    def _condition(self, raw: Any, path: Path, names: Names) -> tuple[Condition, str]:
        """A condition, or several of which one has to be true; and its text."""
        found: list[Condition] = []
        texts = self._texts(raw, path)
        for text, at in texts:
            try:
                found.append(names.single(grammar.condition(text), at))
            except Unreadable as error:
                self._unreadable(at, error)
        words = " or ".join(text for text, _ in texts)
        return (found[0] if len(found) == 1 else Some(conditions=tuple(found)) if found else ALWAYS), words

    def _pool(self, table: Mapping[str, Any], path: Path, key: str, pools: Mapping[str, Pool]) -> str:
        if key not in table:
            return ""
        name = table[key]
        if name not in pools:
            self._wrong((*path, key), f"unknown pool '{name}'{nearest(str(name), pools)}")
            return ""
        return str(name)

    def _names(self, lists: Mapping[str, Sequence[str]]) -> Names:
        playbook = self._playbook
        standing = standing_fields(
            playbook.vocabulary,
            tracks=[track.name for track in playbook.tracks],
            personas=[persona.name for persona in playbook.segments.personas],
            buying_jobs=dict.fromkeys(job.name for job in playbook.segments.jobs),
        )
        return Names(report=self.report, vocabulary=playbook.vocabulary, lists=lists, standing=standing)


def _meant(email: str, people: Iterable[str]) -> str | None:
    """Of the people at one company, the one whose name is nearly that of an address."""
    name, _, domain = email.partition("@")
    colleagues = {each.partition("@")[0] for each in people if each.partition("@")[2] == domain}
    meant = nearest_of(name, colleagues)
    return f"{meant}@{domain}" if meant else None
