"""What a run fused, in a few numbers and a digest; :mod:`rsu.engine.film` makes it."""

from __future__ import annotations

import hashlib

import msgspec


class FusedClass(msgspec.Struct):
    """Tracks of one class; times are those of the first and the last picture that showed one.

    :param life_s: from a track's first observation to its last picture, all of them together.
    """

    tracks: int = 0
    life_s: float = 0.0
    first_ns: int = 0
    last_ns: int = 0

    def add(self, other: FusedClass) -> None:
        self.tracks += other.tracks
        self.life_s += other.life_s
        self.first_ns = min(filter(None, (self.first_ns, other.first_ns)), default=0)
        self.last_ns = max(self.last_ns, other.last_ns)


class Fused(msgspec.Struct):
    """What was fused.

    :param origins: reference positions, (latitude, longitude) in degrees.
    :param pictures: ticks.
    :param digests: one of each log, sorted.
    :param told: message type → how many were made of the tracks.
    """

    origins: list[tuple[float, float]] = []
    pictures: int = 0
    classes: dict[str, FusedClass] = {}
    digests: list[str] = []
    told: dict[str, int] = {}

    def add(self, other: Fused) -> None:
        """Takes in what another log gave."""
        self.origins = sorted({*self.origins, *other.origins})
        self.pictures += other.pictures
        for name, count in other.classes.items():
            self.classes.setdefault(name, FusedClass()).add(count)
        self.digests = sorted([*self.digests, *other.digests])
        for name, made in other.told.items():
            self.told[name] = self.told.get(name, 0) + made

    @property
    def digest(self) -> str:
        """Of all logs, in whatever order they were read."""
        return hashlib.sha256("\n".join(self.digests).encode()).hexdigest()
