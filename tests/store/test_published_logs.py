"""Real drive logs, to their last record, into both databases."""

from __future__ import annotations

from pathlib import Path

from rsu.replay import Options, replay
from rsu.store import open_store

# ../shared/logs/README.md
PUBLISHED = {
    "bsmLogDuringEvent.gz": 222,
    "bsmLogDuringEvent_commsignia.gz": 511,
    "bsmTx.gz": 16,
    "dnMsg.gz": 1,
    "driverAlert.gz": 50,
    "rxMsg_BSM_and_TIM.gz": 393,
    "rxMsg_commsignia_map.gz": 103,
    "rxMsg_commsignia_tim.gz": 279,
    "pc5-bsm-in-udp4.pcap": 20,
}


def test_every_published_log_replays_to_its_last_record(url: str, shared: Path) -> None:
    logs = [shared / "logs" / name for name in PUBLISHED]
    with open_store(url) as store:
        result = replay(logs, store, Options())
        assert (result.records, result.stored, result.quarantined, result.duplicates) == (1595, 1595, 0, 0)
        assert store.unbalanced() == []
        received: dict[str, int] = {}
        for row in store.ledger():
            received[row["source"]] = received.get(row["source"], 0) + row["received"]
    assert received == PUBLISHED
    assert {name: count.count for name, count in result.types.items()} == {
        "BasicSafetyMessage": 1012, "TravelerInformation": 430, "MapData": 103, "driverAlert": 50,
    }  # fmt: skip


def test_both_databases_give_one_digest(postgres: object, shared: Path, tmp_path: Path) -> None:
    log = shared / "logs" / "rxMsg_BSM_and_TIM.gz"
    digests = set()
    for url in (str(tmp_path / "rsu.db"), postgres.new_database()):  # type: ignore[attr-defined]
        with open_store(url) as store:
            digests.add(replay([log], store, Options()).digest)
    assert len(digests) == 1
