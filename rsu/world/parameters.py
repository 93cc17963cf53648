"""What the world is told: every threshold and bound of the room, with its unit and where it comes from."""

from __future__ import annotations

import msgspec


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """Thresholds and bounds."""

    # tracks on lanes
    map_std_m: float = 0.3  # of a centre line: our assumption, of a survey by GNSS and the curve between two of its points
    align_std_rad: float = 0.15  # drivers against their lane's line: a change of lane at 50 km/h takes 3.5 m aside over 40 m
    heading_floor: float = 0.01  # likelihood of any heading on any lane: wrong-way drivers exist, and are to be seen
    astray_weight: float = 0.1  # likelihood of a heading off all lanes, beside 1 for the right one on a lane
    astray_min: float = 0.02  # probability that the map lacks a lane there
    closed_weight: float = 0.05  # of a revocable lane that no fresh SPAT calls open
    reach_sigmas: float = 3.0  # lanes farther off than their half width and so many σ are not looked at
    reach_max_m: float = 15.0  # nor those beyond this: four lanes
    match_probability_min: float = 0.01  # below, a lane is not told
    lane_probability_min: float = 0.5  # a track is in a lane, for gaps and queues, when that is likelier than not
    # lanes told twice: by both standards, or as the way out of one intersection and the way in of the next
    twin_lateral_m: float = 1.0  # a third of a lane
    twin_heading_rad: float = 0.2
    twin_share: float = 0.8  # of the points along it that lie on the other one
    # queues: laneAreaDetector of SUMO, speedThreshold and jamThreshold
    stopped_speed_mps: float = 5 / 3.6
    queue_gap_m: float = 10.0  # to the stop line, or to the one ahead in the queue
    # time gaps
    gap_speed_min_mps: float = 0.5  # a time gap of somebody slower says nothing
    # sizes where a track has none: usual car, pedestrian, bicycle
    vehicle_length_m: float = 4.5
    pedestrian_length_m: float = 0.5
    bicycle_length_m: float = 1.8
    # signals
    signals_fresh_s: float = 1.0  # ten periods of SPAT (T/CSAE 53: 10 Hz)
    signals_life_s: float = 60.0  # then they are forgotten, and an older stamp is taken again
    signals_clock_max_s: float = 5.0  # between stamp and reception: a clock that is farther off gives wrong ends
    # bounds
    history_s: float = 10.0  # of snapshots, for applications
    history_max: int = 128  # snapshots: 10 s at 10 Hz, and a few between; at 500 tracks some 250 kB each
    range_max_m: float = 5_000.0  # of what an intersection tells from the reference position: a link is at most that long
    intersections_max: int = 64  # maps, and as many signals
    lanes_max: int = 1_024  # sixteen crossings of both standards, 30 lanes each
    points_max: int = 32_768  # of all lanes; T/CSAE 53 gives a lane 31 at most
    index_interval_s: float = 1.0  # between indexings anew: the period of MAP (T/CSAE 53: 1 Hz)
    twin_pairs_max: int = 2_048  # lanes compared with each other: two maps of one crossing make some 400
    comparisons_max: int = 250_000  # of tracks with pieces of lanes in a step: 500 tracks at a crossing make 60,000
    tracks_max: int = 4_096  # as fusion's
    lanes_per_track_max: int = 8  # the likeliest
