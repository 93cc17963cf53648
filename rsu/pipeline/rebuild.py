"""A record as it was received, made again from what became of it: a recording of the bus replays to the same rows.

An outcome holds the header that was found and the standard that was used, not the settings of the source. For a message that
was read, what was found is as good a setting. For one that was not, settings are tried until the engine gives the same outcome
again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import msgspec

from rsu.engine import Decoder, Duplicate, Engine, Outcome, Quarantined, Settings, Stored
from rsu.errors import RsuError
from rsu.frames import HEADERS
from rsu.received import Channel, Content, Received
from rsu.standards import STANDARDS

STANDARDS_MAX = 32  # editions that are loaded for the names in outcomes
RADIO_HEADERS = ("dsmp", "wsmp")
MESSAGES = frozenset(message.name for standard in STANDARDS.values() for message in standard.messages)
OTHER_CONTENT: tuple[Content, ...] = ("text", "signals", "objects")
#: What differs between two outcomes of the same octets under the same settings.
_NO_CONTENT = {"rsu_id": "", "boot_id": b"", "sequence": 0, "detail": "", "meta": None, "decoded": None}


class Rebuilder:
    """Makes records of outcomes.

    :param load: standard name → schema, e.g. :func:`rsu.load_schema`.
    :param counts: ``duplicate``: records that the bus does not carry; ``uncertain``: whose settings could not be found again.
    """

    def __init__(self, load: Callable[[str], Decoder]) -> None:
        self.counts: Counter[str] = Counter()
        self._load = load
        self._schemas: dict[str, Decoder] = {}
        self._engine = Engine(Settings(duplicate_window_ms=0, duplicate_entries_max=1), self._schemas)
        self._trials = 0

    def records(self, outcomes: Iterable[Outcome]) -> Iterator[Received]:
        """The records that these outcomes were made of, without those that hold no octets."""
        for outcome in outcomes:
            if isinstance(outcome, Duplicate):
                self.counts["duplicate"] += 1
                continue
            yield self._stored(outcome) if isinstance(outcome, Stored) else self._quarantined(outcome)

    def _stored(self, outcome: Stored) -> Received:
        if outcome.type in MESSAGES and outcome.standard:
            return _received(outcome, header=_header_of(outcome))
        return self._first_alike(outcome, (_received(outcome, content=content) for content in OTHER_CONTENT))

    def _quarantined(self, outcome: Quarantined) -> Received:
        if outcome.reason == "cut-record":
            return _received(outcome, damage=outcome.detail)
        headers = sorted(HEADERS, key=lambda header: header != outcome.header)
        return self._first_alike(outcome, self._guesses(outcome, headers))

    @staticmethod
    def _guesses(outcome: Quarantined, headers: list[str]) -> Iterator[Received]:
        for header in headers:
            yield _received(outcome, header=header)
        for content in OTHER_CONTENT:
            yield _received(outcome, content=content)

    def _first_alike(self, outcome: Stored | Quarantined, guesses: Iterator[Received]) -> Received:
        """The first record that the engine judges as this outcome says; else, counted, the first of all."""
        self._have(outcome.standard)
        first = next(guesses)
        guess: Received | None = first
        while guess is not None:
            self._trials += 1
            trial = msgspec.structs.replace(guess, boot_id=b"", sequence=self._trials)  # none is an echo of another
            if _content(self._engine.step(trial, trial.receive_time_ns)) == _content(outcome):
                return guess
            guess = next(guesses, None)
        self.counts["uncertain"] += 1
        return first

    def _have(self, standard: str) -> None:
        """Load a standard that an outcome names; one that cannot be is left out, and its outcomes are uncertain."""
        if not standard or standard in self._schemas or len(self._schemas) >= STANDARDS_MAX:
            return
        try:
            self._schemas[standard] = self._load(standard)
        except RsuError:
            self.counts["unknown standard"] += 1


def _header_of(outcome: Stored) -> str:
    """A setting that gives what was found."""
    if outcome.header in RADIO_HEADERS:
        return outcome.header
    return "none" if outcome.security == "none" else "ieee1609dot2"


def _received(
    outcome: Stored | Quarantined, *, header: str = "auto", content: Content = "message", damage: str = ""
) -> Received:
    return Received(
        rsu_id=outcome.rsu_id,
        boot_id=outcome.boot_id,
        sequence=outcome.sequence,
        channel=cast(Channel, outcome.channel),
        source=outcome.source,
        receive_time_ns=outcome.receive_time_ns,
        data=outcome.raw,
        content=content,
        record_type="" if content == "message" else outcome.type,
        header=header,
        standard=outcome.standard,
        damage=damage,
        meta=msgspec.json.decode(outcome.meta) if outcome.meta else {},
        clock_error_us=outcome.clock_error_us,
    )


def _content(outcome: Outcome) -> tuple[type[Outcome], dict[str, Any]]:
    """An outcome without identity and wordings."""
    return type(outcome), {**msgspec.structs.asdict(outcome), **_NO_CONTENT}
