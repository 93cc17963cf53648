"""What a scene is: where it lies, the definitions SUMO builds its roads and traffic from, where satellites are not heard."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from rsu.observe.arrays import Origin

#: A rectangle: west, south, east, north, metres, ENU.
Area = tuple[float, float, float, float]


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """One scene. Its frame is ENU at ``origin``, in which the definitions are written; the unit stands there.

    :param nodes, edges, connections: plain XML of netconvert (the elements only); connections may be empty.
    :param routes: vehicle types, flows and persons of SUMO (the elements only), with ``{end}`` for the last second.
    :param own: the node whose MAP and SPAT the unit sends; lights come from its program.
    :param netconvert: further options of the network's build.
    :param warmup_s: traffic that runs before the log begins.
    :param tunnels: where no satellite is heard.
    """

    name: str
    title: str
    origin: Origin
    nodes: str
    edges: str
    routes: str
    own: str = "C"
    connections: str = ""
    netconvert: tuple[str, ...] = ()
    warmup_s: int = 60
    tunnels: tuple[Area, ...] = ()


def edge(name: str, start: str, end: str, speed_mps: float, lanes: tuple[str, ...], shape: str = "") -> str:
    """An edge of netconvert, its lanes from the outer one inwards: ``walk`` 2.5 m, ``bike`` 2 m, ``drive`` 3.5 m."""
    forms = {
        "walk": 'width="2.5" allow="pedestrian"',
        "bike": 'width="2.0" allow="bicycle"',
        "drive": 'width="3.5" disallow="pedestrian bicycle"',
    }
    inner = "".join(f'<lane index="{index}" {forms[kind]}/>' for index, kind in enumerate(lanes))
    course = f' shape="{shape}"' if shape else ""
    head = f'<edge id="{name}" from="{start}" to="{end}" numLanes="{len(lanes)}" speed="{speed_mps:.2f}"{course}>'
    return f"{head}{inner}</edge>"


def node(name: str, east_m: float, north_m: float, kind: str = "priority") -> str:
    """A node of netconvert."""
    return f'<node id="{name}" x="{east_m:g}" y="{north_m:g}" type="{kind}"/>'


def flow(name: str, kind: str, start: str, end: str, per_hour: float, more: str = "") -> str:
    """Vehicles that come by chance, so many an hour on average."""
    return (
        f'<flow id="{name}" type="{kind}" from="{start}" to="{end}" begin="0" end="{{end}}" probability="{per_hour / 3600:.6f}"'
        f' departLane="best" departSpeed="max" {more}/>'
    )


def walkers(name: str, start: str, end: str, per_hour: float) -> str:
    """People on foot, likewise."""
    return (
        f'<personFlow id="{name}" type="person" begin="0" end="{{end}}" probability="{per_hour / 3600:.6f}">'
        f'<walk from="{start}" to="{end}"/></personFlow>'
    )


def curve(points: tuple[tuple[float, float], ...], step_m: float = 6.0) -> str:
    """A shape of netconvert through the points: a Catmull-Rom spline, so that no heading jumps at a corner."""
    padded = [points[0], *points, points[-1]]
    places: list[str] = []
    for index, ((x1, y1), (x2, y2)) in enumerate(pairwise(points)):
        (x0, y0), (x3, y3) = padded[index], padded[index + 3]
        steps = max(round(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 / step_m), 1)
        for step in range(steps):
            t = step / steps
            east, north = (
                0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3)
                for a, b, c, d in ((x0, x1, x2, x3), (y0, y1, y2, y3))
            )
            places.append(f"{east:.2f},{north:.2f}")
    return " ".join([*places, f"{points[-1][0]:.2f},{points[-1][1]:.2f}"])
