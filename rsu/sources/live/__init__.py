"""Live interfaces: sockets that the ingest role polls. :func:`open_live_sources` opens all that a configuration names.

===================  ==========================================================================
section              source
===================  ==========================================================================
``[[radio]]``        :class:`rsu.sources.live.udp.UdpSource`, where it has addresses to hear on
``[[controller]]``   by its protocol: ``gat1743``, ``gbt20999``, ``ntcip``
``[[perception]]``   :class:`rsu.sources.live.perception.PerceptionSource`
``[[source]]``       an installed package's own, by ``kind``
===================  ==========================================================================

How a source behaves is written in :mod:`rsu.sources.live.base`. A package adds its own by an entry point in the group
``rsu.live_sources``: the name is the ``kind``, the object is called with the section (:class:`rsu.config.Source`) and gives a
:class:`rsu.sources.live.base.LiveSource`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from types import MappingProxyType

from rsu.config import Config, Controller, Perception, Radio, Source
from rsu.errors import ConfigError
from rsu.sources.live.base import Heard, LiveSource
from rsu.sources.live.gat1743 import Gat1743Source
from rsu.sources.live.gbt20999 import Gbt20999Source
from rsu.sources.live.ntcip import NtcipSource
from rsu.sources.live.perception import PerceptionSource
from rsu.sources.live.udp import UdpSource

__all__ = ["Heard", "LiveSource", "known_kinds", "open_live_sources"]

Named = Radio | Controller | Perception | Source
ENTRY_POINTS = "rsu.live_sources"
SOURCES_MAX = 256

#: Protocol of a ``[[controller]]`` → what opens one, with the unit's standard.
CONTROLLERS: Mapping[str, Callable[[Controller, str], LiveSource]] = MappingProxyType(
    {"gat1743": Gat1743Source, "gbt20999": Gbt20999Source, "ntcip": NtcipSource}
)


def open_live_sources(config: Config) -> list[LiveSource]:
    """Every interface of a configuration, open; none is left open when one cannot be.

    :raises ConfigError: for two of one name, an address that is none, or a kind that no package brings.
    :raises SourceError: for an address that cannot be bound.
    """
    sections: list[Named] = [*config.radio, *config.controller, *config.perception, *config.source]
    names = [section.name for section in sections]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"two interfaces are called {twice!r}: records are told apart by the name")
    if len(names) > SOURCES_MAX:
        raise ConfigError(f"{len(names)} interfaces: at most {SOURCES_MAX} are opened")
    opened: list[LiveSource] = []
    try:
        for source in _each(config):
            opened.append(source)
    except BaseException:
        for source in opened:
            source.close()
        raise
    return opened


def known_kinds() -> dict[str, Callable[[Source], LiveSource]]:
    """Kind → what opens one, of installed packages."""
    return {point.name: point.load() for point in entry_points(group=ENTRY_POINTS)}


def _each(config: Config) -> Iterator[LiveSource]:
    for radio in config.radio:
        if radio.listen:
            yield UdpSource(radio)
    for controller in config.controller:
        yield CONTROLLERS[controller.protocol](controller, config.unit.standard)
    for perception in config.perception:
        yield PerceptionSource(perception, config.pipeline.curve_dir)
    kinds = known_kinds() if config.source else {}
    for section in config.source:
        if section.kind not in kinds:
            known = ", ".join(kinds) or "no package brings any"
            raise ConfigError(f"[[source]] {section.name}: kind = {section.kind!r}: must be one of those installed ({known})")
        yield kinds[section.kind](section)
