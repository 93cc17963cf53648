"""A simulator for every interface of a configuration, so that a unit on one machine has all to hear."""

from __future__ import annotations

from rsu.config import Config, Controller, Perception, Radio
from rsu.errors import ConfigError
from rsu.schema import Schema, load_schema
from rsu.simulate.controllers import controller
from rsu.simulate.perception import PerceptionScene
from rsu.simulate.plan import Plan
from rsu.simulate.radio import RadioScene
from rsu.simulate.sending import CLIENT, Outlet
from rsu.simulate.site import NODE, REGION, Site, site
from rsu.sources.live.address import split

STANDARD = "csae-53"
_ANYWHERE = ("", "*", "0.0.0.0", "::")


def outlets_of(
    config: Config,
    start_ns: int,
    *,
    vehicles: int = 40,
    hz: float = 10.0,
    seed: int = 0,
    cycle_s: float = 74.0,
    keys: str = "",
    client: str = CLIENT,
) -> list[Outlet]:
    """One outlet for each radio that hears, controller and perception box.

    :param keys: folder with the pair ``client`` and the unit's server.key, for boxes at ``tcp://``; empty: the unit's own.
    :raises ConfigError: for an interface whose port is given out at its start: nobody can know it.
    :raises SourceError: for an address that cannot be bound.
    """
    plan = Plan(cycle_s)
    first = config.controller[0] if config.controller else None
    unit = config.unit
    place = site(
        unit.lat_deg, unit.lon_deg, unit.elevation_m, *((first.region, first.intersection) if first else (REGION, NODE))
    )
    scenes = _Scenes(place, plan, start_ns, vehicles, hz, seed)
    made: list[Outlet] = []
    try:
        for radio in config.radio:
            if radio.listen:
                made.append(scenes.radio(radio, unit.standard))
        for section in config.controller:
            made.append(scenes.controller(section))
        for perception in config.perception:
            made.append(scenes.perception(perception, keys or config.pipeline.curve_dir, client))
    except BaseException:
        for outlet in made:
            outlet.close()
        raise
    if not made:
        raise ConfigError("the configuration has no radio that listens, no controller and no perception box to be simulated")
    return made


class _Scenes:
    """What all simulators of one run share. Each radio hears the same vehicles; a schema is loaded once."""

    def __init__(self, place: Site, plan: Plan, start_ns: int, vehicles: int, hz: float, seed: int) -> None:
        self._place, self._plan, self._start_ns = place, plan, start_ns
        self._vehicles, self._hz, self._seed = vehicles, hz, seed
        self._schemas: dict[str, Schema] = {}

    def radio(self, section: Radio, unit_standard: str) -> Outlet:
        standard = section.standard or unit_standard or STANDARD
        schema = self._schemas.setdefault(standard, load_schema(standard))
        scene = RadioScene(
            standard,
            schema,
            self._place,
            self._plan,
            self._start_ns,
            vehicles=self._vehicles,
            hz=self._hz,
            seed=self._seed,
        )
        return Outlet(section.name, scene, reachable(section.listen[0], f"[[radio]] {section.name}: listen"))

    def controller(self, section: Controller) -> Outlet:
        made = controller(section.protocol, self._plan, self._place, self._start_ns, reports=not section.peer)
        to = reachable(section.listen, f"[[controller]] {section.name}: listen")
        return Outlet(section.name, made, to, listen=section.peer)

    def perception(self, section: Perception, keys: str, client: str) -> Outlet:
        scene = PerceptionScene(self._place, self._plan, self._start_ns, vehicles=self._vehicles, hz=self._hz, seed=self._seed)
        scheme, _, address = section.listen.partition("://")
        to = f"{scheme}://{reachable(address, f'[[perception]] {section.name}: listen')}"
        return Outlet(section.name, scene, to, keys=keys, client=client)


def reachable(listen: str, key: str) -> str:
    """Where to send to for what listens there: an address of all interfaces is reached on loopback.

    :raises ConfigError: for port 0.
    """
    host, port = split(listen, key)
    if not port:
        raise ConfigError(f"{key} = {listen!r}: give it a port, for a simulator cannot know which one is given out")
    if host in _ANYWHERE:
        host = "::1" if host == "::" else "127.0.0.1"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
