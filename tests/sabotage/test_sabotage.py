"""Without a guard, the test that is named for it goes red: three guards a day here, all of them by `make sabotage`."""

from pathlib import Path

import pytest
from guards import GUARDS, Edit, Guard
from removal import HOUSE, MovedError, copied, drawn, edited, without

from integration.wiring import clock
from mappings.values.instant import DAY


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("sabotage"))


@pytest.mark.parametrize("place", range(3))
def test_without_the_guards_of_the_day_a_named_test_goes_red(copy: Path, place: int) -> None:
    guard = drawn(clock.now() // DAY)[place]
    found = without(copy, guard)
    assert found.red, f"{guard.name} is gone and no test notices: {found.said}"


def test_every_guard_stands_where_the_table_says() -> None:
    assert all(edited(HOUSE, guard) for guard in GUARDS)
    assert len({guard.name for guard in GUARDS}) == len(GUARDS) >= 20


def test_a_guard_that_has_moved_is_no_silent_success() -> None:
    gone = Guard(name="x", keeps="", edits=(Edit(name="hold", old="was never here", new=""),), tests=())
    with pytest.raises(MovedError, match="mend tests/sabotage"):
        edited(HOUSE, gone)


def test_every_guard_has_its_day() -> None:
    days = range(len(GUARDS))
    assert {guard.name for day in days for guard in drawn(day)} == {guard.name for guard in GUARDS}
