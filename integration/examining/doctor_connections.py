"""`coldframe doctor` on connections: who is signed in where, and whether tokens can be opened."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connectors import vendors
from connectors.base.port import Finding
from integration.examining.ways_to_connect import how_to_connect
from integration.flows.upkeep.renew_tokens import remedy
from integration.settings.environment import Settings
from integration.store.audit.sealing import Keyring, SealError
from integration.store.crm import connections
from integration.store.crm.connections import Row
from integration.store.db.session import Store
from integration.wiring import connection_names
from integration.wiring.connection_names import Known
from integration.wiring.provisioners import further_scopes
from mappings.values.instant import show_second
from mappings.yaml_files.problems import nearest
from webhooks import registry
from webhooks.declaration import Source


def examined(settings: Settings, store: Store | None) -> Iterator[Finding]:
    """A line for every connection, and for what goes with having it. Raises StoreError."""
    found = connection_names.known(settings, store) if store else connection_names.arranged((), settings)
    if not found:
        yield Finding(
            subject="CRM",
            ok=False,
            detail="none is connected",
            remedy=f"Run {how_to_connect()} (docs/connecting.md).",
        )
    keyring = connection_names.keyring(settings)
    for each in found:
        further = further_scopes(settings, store, each.system, each.name) if each.row else ()
        yield _with_polling(settings, each, _line(each, keyring, further))
    yield from _webhooks(settings, found)


def _with_polling(settings: Settings, each: Known, line: Finding) -> Finding:
    """The line, with how changes come where it is not by webhook."""
    if each.name not in settings.polled:
        return line
    return replace(line, detail=f"{line.detail}; no webhooks: changes are read every {settings.poll_seconds} seconds")


def _line(each: Known, keyring: Keyring, further: tuple[str, ...]) -> Finding:
    subject = f"connection {each.name}"
    if each.row is None:
        return Finding(subject=subject, ok=True, detail=f"{each.system}, with the environment's token")
    trouble, what = _trouble(each.row, keyring)
    if trouble:
        return Finding(subject=subject, ok=False, detail=trouble, remedy=what)
    lacking = _lacking(each.row, vendors.vendor(each.system).sign_in.scopes)
    if lacking:
        detail = f"{each.system} {each.account} was signed in to without the scopes {', '.join(lacking)}"
        what = f"Add them to the app's required scopes, and sign in anew: {remedy(each.row)}"
        return Finding(subject=subject, ok=False, detail=detail, remedy=what)
    lacking = _lacking(each.row, further)
    if lacking:
        detail = f"{each.system} {each.account} was signed in to without the scopes {', '.join(lacking)},"
        detail = f"{detail} which the mapping needs for the objects that it has"
        what = f"Add them to the app's optional scopes, and sign in anew: {remedy(each.row)}."
        what = f"{what} Where the account cannot give them, take the section out of the mapping (docs/mapping.md)."
        return Finding(subject=subject, ok=False, detail=detail, remedy=what)
    expires = f", its token good until {show_second(each.row.expires_at)}" if each.row.expires_at else ""
    hidden = f"; {vendors.vendor(each.system).token} is not used, since somebody signed in" if each.hides else ""
    return Finding(subject=subject, ok=True, detail=f"{each.system} {each.account}, {each.row.grant}{expires}{hidden}")


def _lacking(row: Row, needed: Sequence[str]) -> list[str]:
    """The scopes that are needed and were not granted, where the vendor says what was."""
    granted = row.details.scopes
    return [one for one in needed if granted and one not in granted]


def _trouble(row: Row, keyring: Keyring) -> tuple[str, str]:
    """(what is amiss, what to do); both "" where nothing is."""
    if row.state == "refused":
        return f"signed out by {row.system} at {show_second(row.updated_at)}: {row.reason}", remedy(row)
    try:
        connections.unsealed(row, keyring)
    except SealError as error:
        return str(error), "set COLDFRAME_PREVIOUS_SECRET_KEYS, or sign in anew: " + remedy(row)
    return "", ""


def _webhooks(settings: Settings, found: tuple[Known, ...]) -> Iterator[Finding]:
    """Secrets that let webhooks in about records that nobody can read, and records about which no webhook can come."""
    systems = {each.system for each in found}
    for source in registry.every():
        if source.system and source.system not in systems and settings.given.several(source.secret):
            detail = f"is set, but {source.system} is not connected, so its records cannot be read"
            remedy = f"run coldframe connect {source.system}"
            yield Finding(subject=source.secret, ok=False, detail=detail, remedy=remedy)
    for source in registry.every():
        yield from _unsigned(settings, found, source)
    for name in settings.polled:
        if name not in {each.name for each in found}:
            near = nearest(name, [each.name for each in found])
            detail = f"names {name}, which is no connection{near}"
            yield Finding(
                subject="COLDFRAME_POLLED", ok=False, detail=detail, remedy="Correct the name, or connect it."
            )
    mapped = [name for name in settings.connection_mappings if name not in {each.name for each in found}]
    for name in mapped:
        near = nearest(name, [each.name for each in found])
        detail = f"names {name}, which is no connection{near}, so its mapping file is not used"
        yield Finding(subject="COLDFRAME_MAPPINGS", ok=False, detail=detail, remedy="Correct the name, or connect it.")


def _unsigned(settings: Settings, found: Sequence[Known], source: Source) -> Iterator[Finding]:
    """The connections of a source's system whose webhooks nothing vouches for, where they are missed."""
    if not source.missed or source.system is None or settings.given.several(source.secret):
        return
    stored = connection_names.webhook_secrets(settings, found, source.system) if settings.public_url else {}
    those = [each for each in found if each.system == source.system and each.name not in settings.polled]
    names = [each.name for each in those if each.account not in stored]
    if names:
        detail = f"is not set, so the webhooks of {' and '.join(names)} cannot be verified and are not let in"
        remedy = f"{source.missed} Where it sends none: COLDFRAME_POLLED={' '.join(names)}."
        yield Finding(subject=source.secret, ok=False, detail=detail, remedy=remedy)
