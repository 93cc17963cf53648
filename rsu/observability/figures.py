"""What each figure of `rsu status`, `rsu top` and /status means; `rsu status --explain` and docs/status.md print this table."""

from __future__ import annotations

from typing import NamedTuple


class Figure(NamedTuple):
    """One figure.

    :param place: section of the page.
    :param field: of /status, with dots.
    :param name: as the page calls it.
    :param means: what it says, and when to act.
    """

    place: str
    field: str
    name: str
    means: str


FIGURES: tuple[Figure, ...] = (
    Figure("unit", "unit.id", "unit", "[unit] id: part of every record's identity."),
    Figure("unit", "unit.version", "version", "What runs."),
    Figure("unit", "unit.uptime_s", "up", "Since the supervisor started, by a clock that nobody sets."),
    Figure("health", "health.level", "health", "The worst check: ok, warn (look at it) or fail (it does not do its work)."),
    Figure("health", "health.alive", "alive", "The selftest gets through: what /healthz and systemd's watchdog go by."),
    Figure("health", "health.ready", "ready", "All roles report and what they hear is kept: what /readyz says."),
    Figure("health", "health.checks", "checks", "Each check with what was found and what to do."),
    Figure("roles", "roles.up", "up", "The role reported within 5 s. A silent one is started again by the supervisor."),
    Figure("roles", "roles.pid", "pid", "Its process; roles with the same one share the figures that follow."),
    Figure("roles", "roles.cpu_share", "cpu", "Share of one core since the last look. Near 100 %, records begin to wait."),
    Figure("roles", "roles.rss_octets", "memory", "Resident memory. It is to stay flat after the first minutes."),
    Figure("roles", "roles.fds", "files", "Open descriptors. They are to stay flat."),
    Figure("roles", "roles.restarts", "restarts", "Times the role was started again; each has its reason in the log."),
    Figure("roles", "roles.report_age_s", "report", "Since its last report; about 1 s."),
    Figure("types", "types.now", "now", "Records a second over the last 2 s, by message type; duplicates count."),
    Figure("types", "types.minute", "1 min", "The same over the last minute."),
    Figure("types", "types.total", "total", "Since the supervisor started."),
    Figure("types", "types.line", "last minute", "One bar a second, the newest on the right, scaled to the type's highest."),
    Figure("rejected", "rejected", "rejected", "Records in quarantine, by reason: `rsu explain` of one shows the bit."),
    Figure("shed", "shed", "shed", "Records given up under overload: age (waited too long) or window (too many waiting)."),
    Figure("queues", "queues", "queues", "Records waiting between roles. One that keeps growing has a slow reader behind it."),
    Figure("tracks", "tracks", "tracks", "Road users in the picture now, by class; none at all where nothing is fused."),
    Figure("stages", "stages.p50_ms", "p50", "Half of the last minute's records took less; publish: since reception."),
    Figure("stages", "stages.p99_ms", "p99", "99 of 100 did. Read from a histogram: between two bounds it is an estimate."),
    Figure("stages", "stages.events", "records", "How many went through the stage in the last minute."),
    Figure("ledger", "ledger.received", "received", "Records heard: the sum of the figures that follow."),
    Figure("ledger", "ledger.stored", "stored", "Committed to the outbox."),
    Figure("ledger", "ledger.quarantined", "quarantined", "Committed, but could not be read."),
    Figure("ledger", "ledger.duplicate", "duplicate", "Heard by another radio too, or sent in again."),
    Figure("ledger", "ledger.shed", "shed", "Given up under overload."),
    Figure("ledger", "ledger.in_flight", "in flight", "Heard and not on the disk yet: the last tenth of a second."),
    Figure("ledger", "ledger.lost", "lost", "Heard by an ingest role that was killed before they were on the disk; else 0."),
    Figure("outbox", "outbox.octets", "outbox", "On the disk, of its quota [store] outbox_octets_max; at the quota it evicts."),
    Figure("outbox", "outbox.oldest_age_s", "oldest", "Age of the oldest parcel not delivered; grows while a target is away."),
    Figure("outbox", "outbox.evicted", "evicted", "Records the outbox gave up, raw BSMs first."),
    Figure("targets", "targets.up", "connected", "Whether the platform is reached now."),
    Figure("targets", "targets.lag_s", "behind", "Age of the oldest record this target lacks."),
    Figure("clock", "clock.synchronised", "clock", "Whether NTP, PTP or a GNSS daemon keeps it right (adjtimex)."),
    Figure("clock", "clock.error_s", "error", "The kernel's estimate; allowed: [observability] clock_error_ms_max."),
    Figure("clock", "clock.bound_s", "at most", "The error that is certainly not passed (maxerror)."),
    Figure("clock", "clock.steps", "jumps", "Times the clock was seen to jump by 100 ms or more; the last one is shown."),
    Figure("disk", "disk.free_octets", "disk", "Free space where [unit] state_dir lies."),
    Figure("recording", "recording.written", "recorded", "Records in recording files since the start."),
    Figure("recording", "recording.lost", "left out", "Records a recording had to leave out: disk full, or too slow."),
    Figure("recording", "recording.removed_files", "removed", "Recording files removed by quota or age."),
    Figure("senders", "senders", "busiest", "Senders with most messages in the last 5 s; counts are never too high."),
    Figure("events", "events", "events", "The latest rejects and events of the roles."),
)  # fmt: skip
