"""Whatever the order of puts, deliveries, kills and repetitions: each record once."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_records import BOOT, START_NS, mixed, parcel

from rsu.engine import Quarantined, Stored
from rsu.store import open_store
from rsu.store.intake import Intake
from rsu.store.outbox import Outbox

PLENTY = 1 << 40
TARGET = "database"

#: What happens, and to how many records or octets of parcels. ``cut``: the rows are in, and the cursor is not moved.
STEPS = st.tuples(st.sampled_from(["put", "deliver", "cut", "repeat", "reopen", "evict"]), st.integers(1, 9))


class World:
    """An outbox and a database in a folder, opened again after each kill."""

    def __init__(self, folder: Path, database: Path) -> None:
        self.path = folder / "outbox.db"
        shutil.copy(database, folder / "rsu.db")
        self.url = str(folder / "rsu.db")
        self.put_last = 0
        self._open()

    def _open(self) -> None:
        self.outbox = Outbox(self.path, octets_max=PLENTY, keep_ns=10**18)
        self.store = open_store(self.url)
        self.intake = Intake(self.store, self.outbox.identity)

    def close(self) -> None:
        self.outbox.close()
        self.store.close()

    def put(self, count: int) -> None:
        last = self.outbox.head("Y", BOOT)
        part = [mixed(number) for number in range(last + 1, last + 1 + count)]
        classes = [(part[::2], 0), (part[1::2], 1)]
        self.outbox.put([parcel(*given) for given in classes if given[0]], {("Y", BOOT): last + count}, START_NS)
        self.put_last = last + count

    def deliver(self, count: int) -> None:
        taken = self._take(self.outbox.delivered(TARGET), count)
        if taken:
            self.outbox.deliver(TARGET, taken)

    def cut(self, count: int) -> None:
        self._take(self.outbox.delivered(TARGET), count)

    def repeat(self, count: int) -> None:
        self._take(max(0, self.outbox.delivered(TARGET) - count), count)

    def _take(self, after: int, count: int) -> int:
        parcels = self.outbox.after(after, PLENTY)[:count]
        return self.intake.take(parcels).last if parcels else 0

    def reopen(self, _: int) -> None:
        self.close()
        self._open()

    def evict(self, _: int) -> None:
        assert self.outbox.evict(START_NS, [TARGET]) == {}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty database with its tables, to be copied."""
    path = tmp_path_factory.mktemp("orders") / "rsu.db"
    open_store(str(path)).close()
    yield path


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=14))
def test_each_record_is_there_once_and_counted_once(database: Path, steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), database)
        for name, amount in steps:
            getattr(world, name)(amount)
            assert world.store.unbalanced() == []
        world.deliver(1_000)
        kinds = [mixed(number) for number in range(1, world.put_last + 1)]
        assert world.store.counts() == {
            "message": sum(isinstance(kind, Stored) for kind in kinds),
            "quarantine": sum(isinstance(kind, Quarantined) for kind in kinds),
        }
        assert sum(row["received"] for row in world.store.ledger()) == len(kinds)
        assert world.outbox.head("Y", BOOT) == len(kinds)
        world.close()
