"""Sealed text opens with its key and in its place, and nowhere else."""

import pytest

from integration.store.audit.sealing import Keyring, Place, Sealed, SealError, UnknownKeyError

CANARY = b"canary-access-token-1"
OLD, NEW = "o" * 32, "n" * 32
HERE = Place(table="connections", row="hubspot", field="sealed")


def test_what_is_sealed_opens_in_its_place() -> None:
    ring = Keyring.of(NEW)
    sealed = ring.seal(CANARY, HERE)
    assert CANARY not in sealed.data
    assert ring.open(sealed, HERE) == CANARY


def test_every_single_changed_byte_is_refused() -> None:
    ring = Keyring.of(NEW)
    sealed = ring.seal(CANARY, HERE)
    for place in range(len(sealed.data)):
        changed = bytearray(sealed.data)
        changed[place] ^= 1
        with pytest.raises(SealError):
            ring.open(Sealed(data=bytes(changed), key_id=sealed.key_id), HERE)


@pytest.mark.parametrize("length", [0, 1, 12, 13, 28])
def test_bytes_that_are_cut_short_are_refused(length: int) -> None:
    ring = Keyring.of(NEW)
    sealed = ring.seal(CANARY, HERE)
    with pytest.raises(SealError):
        ring.open(Sealed(data=sealed.data[:length], key_id=sealed.key_id), HERE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place(table="connections", row="salesforce", field="sealed"),
        Place(table="connections", row="hubspot", field="details"),
        Place(table="letters", row="hubspot", field="sealed"),
        Place(table="connectionsh", row="ubspot", field="sealed"),
    ],
)
def test_bytes_moved_to_another_row_field_or_table_are_refused(elsewhere: Place) -> None:
    ring = Keyring.of(NEW)
    sealed = ring.seal(CANARY, HERE)
    with pytest.raises(SealError, match=f"of {elsewhere.row} was changed"):
        ring.open(sealed, elsewhere)


def test_an_unknown_key_is_named_with_the_remedy() -> None:
    old, new = Keyring.of(OLD), Keyring.of(NEW)
    sealed = old.seal(CANARY, HERE)
    with pytest.raises(UnknownKeyError, match="COLDFRAME_PREVIOUS_SECRET_KEYS") as caught:
        new.open(sealed, HERE)
    assert caught.value.key_id == old.current
    assert old.current in str(caught.value)
    assert new.current in str(caught.value)


def test_previous_keys_open_and_the_current_one_seals() -> None:
    sealed = Keyring.of(OLD).seal(CANARY, HERE)
    both = Keyring.of(NEW, OLD)
    assert both.open(sealed, HERE) == CANARY
    assert both.seal(CANARY, HERE).key_id == Keyring.of(NEW).current != sealed.key_id


def test_the_same_text_is_never_sealed_alike() -> None:
    ring = Keyring.of(NEW)
    assert len({ring.seal(CANARY, HERE).data for _ in range(100)}) == 100


def test_a_key_id_tells_nothing_of_the_secret_and_a_keyring_shows_no_key() -> None:
    ring = Keyring.of(NEW, OLD)
    assert NEW not in ring.current
    shown = repr(ring)
    assert NEW not in shown
    assert not any(repr(key) in shown or key.hex() in shown for key in ring.keys.values())
