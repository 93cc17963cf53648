"""What CONFIG lets through: limits in each second, samples by all and by sender, filters."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsu.uplink.forms import BsmConfig, ConfigDown, KindConfig
from rsu.uplink.its0117 import KINDS
from rsu.uplink.sampling import Parameters, Sampler, any_fits

MS = 1_000_000
SECOND = 1_000 * MS
BSM: dict[str, Any] = {"msgCnt": 1, "id": b"00143101", "speed": 600}
RSM: dict[str, Any] = {
    "id": b"12345\0\0\0",
    "participants": [
        {"ptcType": "motor", "ptcId": 1, "source": "video"},
        {"ptcType": "pedestrian", "ptcId": 2, "source": "lidar", "pos": {"offsetLL": ("position-LL1", {"lon": 5, "lat": 6})}},
    ],
}
SPAT: dict[str, Any] = {"intersections": [{"intersectionId": {"region": 1, "id": 33}, "status": (b"\x05\x00", 16)}]}


def never() -> Any:
    raise AssertionError("a message was decoded without a filter")


def taken(sampler: Sampler, kind: str, times_ns: list[int], senders: list[str] | None = None) -> list[int]:
    """The places of the records that go."""
    names = senders or ["a"] * len(times_ns)
    pairs = zip(times_ns, names, strict=True)
    return [place for place, (time_ns, sender) in enumerate(pairs) if not sampler.judge(kind, sender, time_ns, never)]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_nothing_ordered_lets_everything_through(kind: str) -> None:
    assert taken(Sampler(ConfigDown()), kind, [0] * 1_000) == list(range(1_000))


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(-1, 20), (None, 20), (0, 0), (1, 2), (3, 6), (10, 20), (11, 20)],
)
def test_a_limit_holds_in_each_second(limit: int | None, expected: int) -> None:
    """20 records in two seconds, a tenth of a second apart."""
    sampler = Sampler(ConfigDown(spatConfig=KindConfig(upLimit=limit)))
    assert len(taken(sampler, "SPAT", [place * 100 * MS for place in range(20)])) == expected


def test_a_limit_of_one_kind_leaves_the_others_alone() -> None:
    sampler = Sampler(ConfigDown(rsmConfig=KindConfig(upLimit=0)))
    assert sampler.judge("RSM", None, 0, never) == "limit"
    assert sampler.judge("RSI", None, 0, never) == ""


@pytest.mark.parametrize("step_s", [-3_600, 3_600])
def test_a_clock_that_is_stepped_neither_blocks_nor_opens_the_limit(step_s: int) -> None:
    sampler = Sampler(ConfigDown(spatConfig=KindConfig(upLimit=2)))
    start = 10_000 * SECOND
    times = [start] * 5 + [start + step_s * SECOND] * 5
    assert taken(sampler, "SPAT", times) == [0, 1, 5, 6]


@given(st.integers(0, 20), st.lists(st.integers(0, 5_000), max_size=200))
def test_no_second_ever_has_more_than_the_limit_and_none_fewer_than_it_could(limit: int, times_ms: list[int]) -> None:
    times = sorted(times_ms)
    sampler = Sampler(ConfigDown(mapConfig=KindConfig(upLimit=limit)))
    kept = Counter(times[place] // 1_000 for place in taken(sampler, "MAP", [time * MS for time in times]))
    came = Counter(time // 1_000 for time in times)
    assert {second: kept[second] for second in came} == {second: min(number, limit) for second, number in came.items()}


@given(st.integers(1, 50), st.integers(1, 12), st.integers(1, 20))
def test_by_id_every_sender_gets_the_same_share_from_the_second_on(rate: int, senders: int, hertz: int) -> None:
    """Each second every sender sends ``hertz`` messages; the shares of a second follow those of the one before."""
    sampler = Sampler(ConfigDown(bsmConfig=BsmConfig(sampleMode="ByID", sampleRate=rate)))
    names = [f"v{number}" for number in range(senders)]
    arrivals = [(second, name) for second in range(3) for _ in range(hertz) for name in names]
    kept = taken(sampler, "BSM", [second * SECOND for second, _ in arrivals], [name for _, name in arrivals])
    for second in (1, 2):
        shares = Counter(arrivals[place][1] for place in kept if arrivals[place][0] == second)
        assert sum(shares.values()) <= rate
        if senders <= rate:
            assert {shares[name] for name in names} == {min(hertz, rate // senders)}


def test_by_all_takes_the_first_of_each_second_whoever_sent_them() -> None:
    sampler = Sampler(ConfigDown(bsmConfig=BsmConfig(sampleMode="ByAll", sampleRate=3)))
    assert taken(sampler, "BSM", [0] * 5 + [SECOND] * 5, list("aaaab") * 2) == [0, 1, 2, 5, 6, 7]
    assert sampler.bsm_rate_hz == 3


@pytest.mark.parametrize(("rate", "expected"), [(0, 0), (1, 1), (2_500, 25), (5_000, 50), (10_000, 100)])
def test_a_rate_in_parts_of_ten_thousand_thins_evenly(rate: int, expected: int) -> None:
    sampler = Sampler(ConfigDown(bsmConfig=BsmConfig(sampleRate=rate)), Parameters(sample_rate_unit="per-10000"))
    places = taken(sampler, "BSM", [0] * 100)
    assert len(places) == expected
    if expected > 1:
        assert {b - a for a, b in pairwise(places)} == {100 // expected}


def test_parts_of_ten_thousand_by_id_thin_each_sender_for_itself() -> None:
    config = ConfigDown(bsmConfig=BsmConfig(sampleMode="ByID", sampleRate=5_000))
    sampler = Sampler(config, Parameters(sample_rate_unit="per-10000"))
    names = list("abbb" * 10)
    kept = Counter(names[place] for place in taken(sampler, "BSM", [0] * 40, names))
    assert kept == {"a": 5, "b": 15}


@pytest.mark.parametrize("unit", ["per-second", "per-10000"])
def test_the_table_of_senders_is_bounded(unit: Any) -> None:
    config = ConfigDown(bsmConfig=BsmConfig(sampleMode="ByID", sampleRate=10_000))
    sampler = Sampler(config, Parameters(sample_rate_unit=unit, senders_max=8))
    taken(sampler, "BSM", [0] * 100, [f"v{number}" for number in range(100)])
    held = sampler._sample._taken if unit == "per-second" else sampler._sample._sums  # type: ignore[union-attr]
    assert len(held) == 8


@pytest.mark.parametrize(
    ("filters", "value", "fits"),
    [
        ([{"id": "00143101"}], BSM, True),
        ([{"id": "3030313433313031"}], BSM, True),
        ([{"id": "1"}, {"id": "00143101"}], BSM, True),
        ([{"id": "1"}], BSM, False),
        ([{"speed": 600}], BSM, True),
        ([{"nothing": "1"}], BSM, False),
        ([{"id": "12345"}], RSM, True),
        ([{"ptcType": "3"}], RSM, True),
        ([{"ptcType": "pedestrian"}], RSM, True),
        ([{"ptcType": "3", "source": "6"}], RSM, True),
        ([{"ptcType": "1", "source": "6"}], RSM, False),  # the one is a car, the other was seen by lidar
        ([{"ptcType": "1", "source": "6"}, {"ptcId": 1}], RSM, True),
        ([{"ptcId": 2, "lat": 6, "id": "12345"}], RSM, True),
        ([{"intersectionId": "33"}], SPAT, True),
        ([{"intersectionId": "1-33"}], SPAT, True),
        ([{"intersectionId": "1"}], SPAT, False),
    ],
)
def test_filters_are_or_between_and_and_within(filters: list[dict[str, Any]], value: dict[str, Any], fits: bool) -> None:
    assert any_fits(filters, value) is fits


def test_a_filter_comes_before_the_limit_so_that_others_do_not_use_it_up() -> None:
    sampler = Sampler(ConfigDown(rsmConfig=KindConfig(upLimit=1, upFilters=[{"ptcType": "3"}])))
    assert sampler.judge("RSM", None, 0, lambda: {"participants": [{"ptcType": "motor"}]}) == "filter"
    assert sampler.judge("RSM", None, 0, lambda: RSM) == ""
    assert sampler.judge("RSM", None, 0, lambda: RSM) == "limit"
