"""Topics by template, in both spellings.

====================  ============================  ===================  =====================
spelling              template                      a message of a kind  about the unit itself
====================  ============================  ===================  =====================
deployed, T/ITS 0117  ``V2X.RSU.{type}.UP``         V2X.RSU.BSM.UP       V2X.RSU.HB.UP
OpenV2X               ``V2X/RSU/[{rsu}/]{type}/UP`` V2X/RSU/R1/BSM/UP    V2X/RSU/HB/UP
====================  ============================  ===================  =====================

What stands in ``[ ]`` is left out of what the unit says about itself (INFO, HB, BaseINFO, RunningInfo, the answer to a
query), and may be absent from what the platform sends to all units. The last level of a template (UP, DOWN) gives the
others: ``….DOWN.ACK``, ``….INFO.UP.ACK``, and without it ``….INFOQuery``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rsu.errors import ConfigError

#: What the platform may send, beside the messages: name → the level behind it.
ORDERS: Mapping[str, str] = {
    "MAP": "DOWN",
    "RSI": "DOWN",
    "RSM": "DOWN",
    "SPAT": "DOWN",
    "CONFIG": "DOWN",
    "MNG": "DOWN",
    "OTA": "DOWN",
    "Log": "UP",  # from the platform, in spite of its name: where logs are to be sent
    "INFOQuery": "",
    "INFO": "UP.ACK",
}
ACKNOWLEDGE = "ACK"
RESPONSE = "Response"
TOPIC_OCTETS_MAX = 1_024
_FORM = re.compile(r"(?P<before>[^\[\]{}]*)(?P<unit>\[[^\[\]]*\{rsu\}[^\[\]]*\]|[^\[\]{}]*\{rsu\}[^\[\]{}]*)?"
                   r"(?P<middle>[^\[\]{}]*)\{type\}(?P<end>[./]\w+)")  # fmt: skip


class Order(NamedTuple):
    """What a topic from the platform asks for, and where its acknowledgement goes (empty: nowhere)."""

    name: str
    ack: str


class Topics:
    """The topics of one unit.

    :param up, down: the templates.
    :param rsu: what stands for ``{rsu}``.
    :raises ConfigError: for a template that cannot be used.
    """

    def __init__(self, up: str, down: str, rsu: str) -> None:
        self._up = _Template("topic_up", up, rsu)
        self._down = _Template("topic_down", down, rsu)
        self._orders = dict(self._listed())

    def up(self, kind: str) -> str:
        """Where messages of a kind go."""
        return self._up.of(kind)

    def about(self, name: str) -> str:
        """Where the unit speaks of itself: INFO, HB, BaseINFO, RunningInfo."""
        return self._up.of(name, unit=False)

    @property
    def response(self) -> str:
        """Where the answer to INFOQuery goes."""
        return self._down.bare(f"INFOQuery{self._down.separator}{RESPONSE}", unit=False)

    def filters(self) -> list[str]:
        """What is subscribed to."""
        return list(self._orders)

    def order(self, topic: str) -> Order | None:
        """What a topic asks for; None for one that was not subscribed to."""
        return self._orders.get(topic)

    def _listed(self) -> Iterable[tuple[str, Order]]:
        for name, level in ORDERS.items():
            template = self._up if level.startswith("UP") else self._down
            for unit in (True, False):
                topic = template.bare(name, unit=unit)
                if level == "DOWN":
                    topic = template.of(name, unit=unit)
                elif level:
                    topic = template.of(name, unit=unit) + level.removeprefix("UP").replace(".", template.separator)
                yield topic, Order(name, "" if name in ("INFO", "INFOQuery") else self._ack(name, template, level))

    def _ack(self, name: str, template: _Template, level: str) -> str:
        """Of the unit, also for what was sent to all."""
        own = template.of(name) if level else template.bare(name)
        return f"{own}{template.separator}{ACKNOWLEDGE}"


class _Template:
    def __init__(self, key: str, text: str, rsu: str) -> None:
        found = _FORM.fullmatch(text)
        if found is None or not text or any(sign in text for sign in "+#\0"):
            raise ConfigError(
                f"[mqtt] {key} = {text!r}: must hold {{type}} once, at most one {{rsu}} before it (in [ ] where OpenV2X leaves "
                "it out) and end in a level: V2X.RSU.{type}.UP or V2X/RSU/[{rsu}/]{type}/UP"
            )
        if len(text) + len(rsu) > TOPIC_OCTETS_MAX:
            raise ConfigError(f"[mqtt] {key} has {len(text)} characters: a topic holds {TOPIC_OCTETS_MAX}")
        unit = found["unit"] or ""
        self._optional = unit.startswith("[")
        self._before = found["before"]
        self._unit = unit.strip("[]").replace("{rsu}", rsu)
        self._middle = found["middle"]
        self._end = found["end"]
        self.separator = self._end[0]

    def bare(self, name: str, *, unit: bool = True) -> str:
        """Without the last level."""
        return self._before + (self._unit if unit or not self._optional else "") + self._middle + name

    def of(self, name: str, *, unit: bool = True) -> str:
        return self.bare(name, unit=unit) + self._end
