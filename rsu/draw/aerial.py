"""One moment from above: lanes, signals, tracks with the ellipses of their covariance, and the reports they were made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from rsu.draw.ground import Ground, box, ellipse_axes, outline
from rsu.errors import SourceError
from rsu.observe import arrays
from rsu.observe.arrays import DETECTION, SELF, SHARED

SIGNAL_COLOURS: Mapping[str, str] = {"red": "#d7191c", "yellow": "#f0a500", "green": "#1a9641", "dark": "#606060"}
CLASS_COLOURS: Mapping[int, str] = {
    arrays.UNKNOWN: "#707070",
    arrays.VEHICLE: "#2166ac",
    arrays.PEDESTRIAN: "#b2182b",
    arrays.BICYCLE: "#762a83",
    arrays.OTHER: "#707070",
}
CLASS_SIZES_M: Mapping[int, tuple[float, float]] = {
    arrays.UNKNOWN: (1.5, 1.5),
    arrays.VEHICLE: (4.6, 1.8),
    arrays.PEDESTRIAN: (0.6, 0.6),
    arrays.BICYCLE: (1.8, 0.6),
    arrays.OTHER: (1.5, 1.5),
}
"""Length and width of a track that does not say its own."""
REPORT_MARKS: Mapping[int, tuple[str, str, str]] = {
    SELF: ("+", "#e08214", "tells of itself"),
    DETECTION: (".", "#404040", "seen by a box"),
    SHARED: ("x", "#5aae61", "told by others"),
}
ROAD, LINE, CROSSWALK = "#e4e4e4", "#c0c0c0", "#cfd8dc"
PIXELS_PER_INCH = 100


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How a picture looks.

    :param radius_m: from the middle to its edge.
    :param inches: of its sides; even numbers of pixels, as H.264 wants.
    :param sigmas: of the ellipses: 2.45 holds 95 % of two dimensions (chi² 5.99).
    """

    radius_m: float = 80.0
    inches: float = 8.0
    sigmas: float = 2.45


DEFAULT = Look()


class Moment(NamedTuple):
    """What is drawn over the ground.

    :param tracks: (n,) :data:`rsu.fusion.tracks.TRACK`.
    :param observations: (m,) :data:`rsu.observe.arrays.OBSERVATION`, what was heard since the moment before.
    :param signals: signal group → ``red``, ``yellow``, ``green`` or ``dark``.
    """

    time_ns: int
    tracks: NDArray[np.void]
    observations: NDArray[np.void]
    signals: Mapping[int, str] = {}


class Aerial:
    """A figure with its ground; :meth:`show` puts a moment on it in place of the one before.

    :raises SourceError: without matplotlib.
    """

    def __init__(self, ground: Ground, look: Look = DEFAULT) -> None:
        try:
            from matplotlib.backends.backend_agg import FigureCanvasAgg
            from matplotlib.figure import Figure
        except ModuleNotFoundError as error:
            raise SourceError(f"a picture needs {error.name}: pip install 'rsu[plot]'") from error
        self.figure: Any = Figure(figsize=(look.inches, look.inches), dpi=PIXELS_PER_INCH, layout="constrained")
        self.canvas: Any = FigureCanvasAgg(self.figure)
        self._axes: Any = self.figure.add_subplot()
        self._look = look
        self._ground = ground
        self._moving: list[Any] = []
        draw_ground(self._axes, ground)
        edge = look.radius_m
        self._axes.set(xlim=(-edge, edge), ylim=(-edge, edge), aspect="equal", xlabel="east, m", ylabel="north, m")
        self._legend()

    def show(self, moment: Moment) -> None:
        for artist in self._moving:
            artist.remove()
        self._moving = [*self._signals(moment.signals), *self._reports(moment.observations), *self._tracks(moment.tracks)]
        seconds, rest_ns = divmod(moment.time_ns, 1_000_000_000)
        clock = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{rest_ns // 100_000_000} UTC"
        self._axes.set_title(f"{clock}   {len(moment.tracks)} tracks", fontsize=10)

    def _legend(self) -> None:
        for mark, colour, name in REPORT_MARKS.values():
            self._axes.plot([], [], mark, color=colour, label=name)
        self._axes.legend(loc="upper right", fontsize=8, frameon=False)

    def _signals(self, signals: Mapping[int, str]) -> list[Any]:
        lit = [lane for lane in self._ground.lanes if lane.group in signals and len(lane.points)]
        if not lit:
            return []
        ends = np.array([lane.points[-1] for lane in lit])
        colours = [SIGNAL_COLOURS.get(signals[lane.group], SIGNAL_COLOURS["dark"]) for lane in lit]
        return [self._axes.scatter(ends[:, 0], ends[:, 1], s=30, c=colours, zorder=3)]

    def _reports(self, observations: NDArray[np.void]) -> list[Any]:
        drawn = []
        for kind, (mark, colour, _) in REPORT_MARKS.items():
            rows = observations[observations["kind"] == kind]
            drawn += self._axes.plot(rows["x"], rows["y"], mark, color=colour, markersize=5, zorder=7)
        return drawn

    def _tracks(self, tracks: NDArray[np.void]) -> list[Any]:
        from matplotlib.collections import EllipseCollection, PolyCollection

        colours = [CLASS_COLOURS.get(int(cls), CLASS_COLOURS[arrays.UNKNOWN]) for cls in tracks["cls"]]
        bodies = PolyCollection([_body(track) for track in tracks], facecolors=colours, alpha=0.75, zorder=5)
        axes = ellipse_axes(tracks["cov"][:, :2, :2], self._look.sigmas)
        known = np.asarray(np.isfinite(axes).all(1))
        ellipses = EllipseCollection(
            *axes[known].T,
            units="xy",
            offsets=np.column_stack((tracks["x"], tracks["y"]))[known],
            offset_transform=self._axes.transData,
            facecolors="none",
            edgecolors=[colour for colour, there in zip(colours, known, strict=True) if there],
            linewidths=0.8,
            zorder=6,
        )
        return [self._axes.add_collection(bodies), self._axes.add_collection(ellipses)]


def draw_ground(axes: Any, ground: Ground) -> None:
    """Lanes and crosswalks on a matplotlib axes in metres, ENU."""
    from matplotlib.collections import LineCollection, PolyCollection

    long = [lane for lane in ground.lanes if len(lane.points) > 1]
    axes.add_collection(PolyCollection([outline(lane) for lane in long], facecolors=ROAD, zorder=0))
    axes.add_collection(LineCollection([lane.points for lane in long], colors=LINE, linewidths=0.6, zorder=1))
    axes.add_collection(PolyCollection(list(ground.crosswalks), facecolors=CROSSWALK, zorder=2))


def _body(track: np.void) -> NDArray[np.float64]:
    length_m, width_m = CLASS_SIZES_M.get(int(track["cls"]), CLASS_SIZES_M[arrays.UNKNOWN])
    if track["length"] > 0 and track["width"] > 0:
        length_m, width_m = float(track["length"]), float(track["width"])
    return box(np.array([track["x"], track["y"]]), float(track["heading"]), length_m, width_m)
