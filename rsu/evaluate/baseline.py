"""The naive baseline: the nearest track takes each report as it is, whatever its error and its age.

No filter and no gate by covariance: what a first version of a unit does, and what a fusion has to beat. The nearest track moves
on straight with the speed it was last told.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from rsu.fusion.tracks import CONFIRMED, TENTATIVE, TRACK
from rsu.observe.arrays import DETECTION, SELF, SHARED, UNKNOWN

NS_PER_S = 1e9


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """Of the baseline, none of them tuned.

    :param gate_m: a report further from every track begins a new one: a car's length.
    :param confirm_hits: as in the fusion, so that a single false object is no track.
    :param lifetime_s: without a report, as the fusion's confirmed tracks.
    :param sigma_m: of a report that does not say its own.
    :param tracks_max: more are not begun, and counted in ``refused``.
    """

    gate_m: float = 5.0
    confirm_hits: int = 3
    lifetime_s: float = 1.0
    sigma_m: float = 1.5
    tracks_max: int = 4096


DEFAULT = Parameters()


class NearestNeighbour:
    """An estimator as :class:`rsu.evaluate.estimators.Estimator` says."""

    def __init__(self, parameters: Parameters = DEFAULT) -> None:
        self._parameters = parameters
        self._tracks = np.zeros(0, TRACK)
        self._next_id = 1
        self.refused = 0

    def step(self, observations: NDArray[np.void], now_ns: int) -> None:
        for observation in observations[np.isfinite(observations["x"]) & np.isfinite(observations["y"])]:
            self._take(observation)
        silent_ns = now_ns - self._tracks["time_ns"]
        self._tracks = self._tracks[silent_ns <= self._parameters.lifetime_s * NS_PER_S]

    def tracks(self, at_ns: int) -> NDArray[np.void]:
        moved = self._tracks.copy()
        moved["x"], moved["y"] = _moved(moved, at_ns)
        moved["time_ns"] = at_ns
        return moved

    def _take(self, observation: np.void) -> None:
        row = self._nearest(observation)
        if row is None:
            if len(self._tracks) >= self._parameters.tracks_max:
                self.refused += 1
                return
            row = len(self._tracks)
            self._tracks = np.concatenate((self._tracks, _begun(self._next_id, observation)))
            self._next_id += 1
        self._set(self._tracks[row : row + 1], observation)

    def _nearest(self, observation: np.void) -> int | None:
        if not len(self._tracks):
            return None
        x, y = _moved(self._tracks, int(observation["receive_time_ns"]))
        apart_m = np.hypot(x - observation["x"], y - observation["y"])
        row = int(np.argmin(apart_m))
        return row if apart_m[row] <= self._parameters.gate_m else None

    def _set(self, track: NDArray[np.void], observation: np.void) -> None:
        """The one track becomes what is told of it, as of the time it was heard."""
        track["time_ns"] = observation["receive_time_ns"]
        for name in ("x", "y", "heading", "speed", "yaw_rate", "length", "width", "height"):
            if np.isfinite(observation[name]):
                track[name] = observation[name]
        if observation["cls"] != UNKNOWN:
            track["cls"] = observation["cls"]
        told = np.array([[observation["cxx"], observation["cxy"]], [observation["cxy"], observation["cyy"]]])
        track["cov"][:, :2, :2] = told if np.isfinite(told).all() else np.eye(2) * self._parameters.sigma_m**2
        if observation["kind"] == SELF:
            track["sender"], track["self_ns"] = observation["sender"], observation["event_time_ns"]
        if observation["kind"] in (DETECTION, SHARED):
            track["seen_ns"] = observation["event_time_ns"]
        track["hits"] += 1
        track["status"] = CONFIRMED if track["hits"][0] >= self._parameters.confirm_hits else TENTATIVE


def _begun(number: int, observation: np.void) -> NDArray[np.void]:
    """A track of which only the number is known; the rest is set by its first report."""
    made = np.zeros(1, TRACK)
    made["id"] = number
    made["cov"] = np.nan
    for name in ("bias_x", "bias_y", "length", "width", "height"):
        made[name] = np.nan
    made["first_ns"] = observation["event_time_ns"]
    return made


def _moved(tracks: NDArray[np.void], at_ns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where tracks are at a time, straight on."""
    passed_m = (at_ns - tracks["time_ns"]) / NS_PER_S * tracks["speed"]
    return tracks["x"] + passed_m * np.cos(tracks["heading"]), tracks["y"] + passed_m * np.sin(tracks["heading"])
