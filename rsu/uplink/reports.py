"""What the unit says of itself to a T/ITS 0117 platform: INFO, BaseINFO, HB, RunningInfo and the answer to a query."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from rsu.config.sections import Config
from rsu.uplink import forms
from rsu.uplink.its0117 import KINDS
from rsu.uplink.keeping import Kept
from rsu.uplink.running import Running
from rsu.uplink.sampling import Sampler

PROTOCOL_VERSION = "T/ITS 0117-2020"
NORMAL, ABNORMAL = "normal", "abnormal"
MILLISECOND_NS = 1_000_000
UNLIMITED = -1
RSIS_MAX = 8  # rtes of one RSI (T/CSAE 53)


class Reports:
    """Writes the reports of one unit.

    :param status: what `/status` shows; ``ready`` false there means a unit that is not well.
    :param clock: UTC nanoseconds.
    """

    def __init__(
        self, config: Config, software: str, status: Callable[[], Mapping[str, Any]], clock: Callable[[], int]
    ) -> None:
        self._unit = config.unit
        self._software = software
        self._status = status
        self._clock = clock
        self._numbers = 0
        self._running = Running(Path(config.unit.state_dir))

    def of(self, name: str) -> bytes:
        """The report of a name: HB or RunningInfo."""
        return self.heartbeat() if name == "HB" else self.running_info()

    def heartbeat(self) -> bytes:
        return forms.write(
            forms.Heartbeat(**self._who(), protocolVersion=PROTOCOL_VERSION, timestamp=self._ms(), seqNum=self._next())
        )

    def base_info(self, *, gone: bool = False) -> bytes:
        """:param gone: as the last will: the unit is not there any more."""
        return forms.write(
            forms.BaseInfo(
                **self._who(),
                protocolVersion=PROTOCOL_VERSION,
                timestamp=self._ms(),
                rsuStatus=ABNORMAL if gone else self._health(),
                location=self._location(),
                transprotocal="MQTT",
                SoftwareVersion=self._software,
            )
        )

    def info(self, kept: Kept, sampler: Sampler) -> bytes:
        """INFO.UP, with the configuration as it holds."""
        return forms.write(
            forms.Info(
                **self._who(),
                rsuName=self._unit.id,
                version=PROTOCOL_VERSION,
                rsuStatus=self._health(),
                location=self._location(),
                config=configuration(kept.config, sampler.bsm_rate_hz),
                ack=True,
                seqNum=self._next(),
            )
        )

    def running_info(self) -> bytes:
        measured = self._running.measure(self._clock())
        return forms.write(
            msgspec.convert(
                {
                    **self._who(),
                    "protocolVersion": PROTOCOL_VERSION,
                    "timestamp": self._ms(),
                    "seqNum": self._next(),
                    "rsuStatus": self._health(),
                    **measured,
                },
                forms.RunningInfo,
            )
        )

    def answer(self, query: forms.QueryDown) -> forms.Response:
        """All that the unit knows of itself, whatever was asked for: the values of infoId are not published."""
        value = {"status": dict(self._status()), "runningInfo": self._running.measure(self._clock())}
        return forms.Response(**self._who(), timestamp=self._ms(), seqNum=query.seqNum, Infotype=query.infoId, InfoValue=value)

    def _who(self) -> dict[str, str]:
        return {"rsuId": self._unit.id, "rsuEsn": self._unit.id}

    def _location(self) -> forms.Location:
        return forms.Location(lon=self._unit.lon_deg, lat=self._unit.lat_deg)

    def _health(self) -> str:
        return NORMAL if self._status().get("ready", True) else ABNORMAL

    def _ms(self) -> int:
        return self._clock() // MILLISECOND_NS

    def _next(self) -> str:
        self._numbers += 1
        return str(self._numbers)


def configuration(config: forms.ConfigDown, bsm_rate_hz: int) -> dict[str, Any]:
    """``mapConfig``, ``bsmConfig`` … as they hold; what was not ordered is unlimited."""
    found: dict[str, Any] = {}
    for kind in KINDS.values():
        ordered = getattr(config, kind.key) or forms.KindConfig()
        limit = UNLIMITED if ordered.upLimit is None else ordered.upLimit
        found[kind.key] = {"upLimit": limit, "upFilters": ordered.upFilters or []}
    bsm = config.bsmConfig or forms.BsmConfig()
    rate = bsm.upLimit if bsm.sampleRate is None else bsm.sampleRate
    found["bsmConfig"] |= {
        "sampleMode": bsm.sampleMode or "ByAll",
        "sampleRate": UNLIMITED if rate is None else rate,
        "actualSampleRate": bsm_rate_hz,
    }
    found["mapConfig"] |= {"mapSlice": "", "eTag": ""}
    found["rsiConfig"] |= {"maxRsiNum": RSIS_MAX, "curRsiNum": 0, "downRsis": []}
    for key in ("spatConfig", "rsmConfig"):
        found[key]["downLimit"] = UNLIMITED
    return found
