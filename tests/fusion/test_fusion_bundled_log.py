"""The bundled drive log through observation and fusion: tracks stay plausible for a minute with RSM of another unit in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rsu.evaluate.moments import find_origin
from rsu.evaluate.parts import own_observe
from rsu.evaluate.reading import Counts, Options, heard
from rsu.fusion import Fusion, Parameters

LOG = Path(__file__).resolve().parents[2] / "replay_logs" / "city_minute.pcap"
TICK_NS = 100_000_000


def test_what_is_shared_does_not_widen_a_track_without_bound() -> None:
    # Standing vehicles that an RSM tells of: with P / omega over the whole state the variance reached 1e23 m2.
    origin, observe, fusion = find_origin(LOG), own_observe(), Fusion(Parameters())
    waiting: list[np.ndarray] = []
    tick_ns, worst, seen = 0, 0.0, 0
    for record in heard(LOG, Options(), Counts()):
        time_ns = record.received.receive_time_ns
        tick_ns = tick_ns or time_ns
        while time_ns >= tick_ns + TICK_NS:
            tick_ns += TICK_NS
            if waiting:
                fusion.step(np.concatenate(waiting), tick_ns)
                waiting = []
            tracks = fusion.tracks(tick_ns)
            if len(tracks):
                worst = max(worst, float(np.einsum("nii->ni", tracks["cov"])[:, :2].max()))
                assert np.isfinite(tracks["cov"]).all() and (tracks["speed"] < 40).all()
                seen = max(seen, len(tracks))
        waiting.append(observe(record, origin))
    assert worst < 100 and seen >= 10
    assert fusion.counters.shared_used > 1_000
