"""The metrics of `/metrics`: one table of names, kinds, labels and meanings, which code, HELP lines and documents follow.

A role may count what stands here and nothing else. ``by`` says which role counts it; ``supervisor`` values are made where the
reports come together.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Kind = Literal["counter", "gauge", "histogram"]

SERIES_OF_A_METRIC_MAX = 200


class Metric(NamedTuple):
    """One metric.

    :param labels: names of its labels, in the order of the exposition.
    :param by: the role that counts it.
    :param help: what it says, for HELP and docs/status.md.
    """

    kind: Kind
    labels: tuple[str, ...]
    by: str
    help: str


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "rsu_messages_received_total": Metric("counter", ("channel", "type"), "engine", "Records heard, by message type."),
        "rsu_messages_stored_total": Metric("counter", (), "ingest", "Records committed to the outbox as messages."),
        "rsu_messages_rejected_total": Metric("counter", ("reason",), "ingest", "Records committed to quarantine, by reason."),
        "rsu_messages_duplicate_total": Metric("counter", (), "ingest", "Records that were there already."),
        "rsu_shed_total": Metric("counter", ("reason",), "ingest", "Records given up under overload, by reason."),
        "rsu_records_in_flight": Metric("gauge", (), "ingest", "Records heard and not on the disk yet."),
        "rsu_stage_seconds": Metric("histogram", ("stage",), "every role", "Time in a stage; publish: since reception."),
        "rsu_queue_depth": Metric("gauge", ("queue",), "every role", "Records waiting, by queue."),
        "rsu_outbox_oldest_age_seconds": Metric("gauge", (), "record", "Age of the oldest parcel not delivered."),
        "rsu_outbox_octets": Metric("gauge", (), "record", "Size of the outbox on the disk."),
        "rsu_outbox_evicted_total": Metric("counter", ("importance",), "record", "Records the outbox gave up."),
        "rsu_store_up": Metric("gauge", ("store",), "record", "1: the outbox or database takes writes; 0: it does not."),
        "rsu_upload_lag_seconds": Metric("gauge", ("target",), "record, uplink", "Age of the oldest record a target lacks."),
        "rsu_uplink_up": Metric("gauge", ("target",), "record, uplink", "1: the target is reached; 0: it is not."),
        "rsu_uplink_sent_total": Metric("counter", ("target",), "uplink", "Messages the platform acknowledged."),
        "rsu_uplink_passed_over_total": Metric("counter", ("reason", "target"), "uplink", "Records it does not want or take."),
        "rsu_uplink_errors_total": Metric("counter", ("reason", "target"), "uplink", "What went wrong towards a platform."),
        "rsu_uplink_orders_total": Metric("counter", ("kind", "result"), "uplink", "What a platform sent down."),
        "rsu_broadcast_sent_total": Metric("counter", ("type",), "broadcast", "Messages sent on the air."),
        "rsu_broadcast_failed_total": Metric("counter", ("reason",), "broadcast", "Messages that no radio took."),
        "rsu_source_records_total": Metric("counter", ("source",), "ingest", "Records heard, by interface."),
        "rsu_source_faults_total": Metric("counter", ("source", "fault"), "ingest", "What was wrong on an interface."),
        "rsu_bus_dropped_total": Metric("counter", ("reason",), "engine", "Live views that no subscriber could take."),
        "rsu_tracks": Metric("gauge", ("kind",), "engine", "Road users in the picture now, by class."),
        "rsu_fusion_passed_over_total": Metric("counter", ("reason",), "engine", "What the picture could not take in."),
        "rsu_compose_left_out_total": Metric("counter", ("reason",), "engine", "Tracks that were not told at a tick."),
        "rsu_recording_records_total": Metric("counter", (), "ingest", "Records written to recording files."),
        "rsu_recording_lost_total": Metric("counter", ("reason",), "ingest", "Records that a recording had to leave out."),
        "rsu_recording_removed_total": Metric("counter", ("reason",), "ingest", "Recording files removed by quota or age."),
        "rsu_selftest_passed_total": Metric("counter", (), "ingest", "Synthetic messages that went the whole way."),
        "rsu_clock_error_seconds": Metric("gauge", (), "supervisor", "How wrong the clock may be, by the kernel (adjtimex)."),
        "rsu_clock_synchronised": Metric("gauge", (), "supervisor", "1: something keeps the clock right; 0: nothing does."),
        "rsu_clock_steps_total": Metric("counter", (), "supervisor", "Jumps of the clock that were seen."),
        "rsu_build_info": Metric("gauge", ("python", "version"), "supervisor", "1; the labels say what runs."),
        "rsu_uptime_seconds": Metric("gauge", (), "supervisor", "Since the supervisor started."),
        "rsu_role_up": Metric("gauge", ("role",), "supervisor", "1: the role reports; 0: it is silent or stopped."),
        "rsu_role_restarts_total": Metric("counter", ("role",), "supervisor", "Times the role was started again."),
        "rsu_process_resident_octets": Metric("gauge", ("roles",), "supervisor", "Memory of the process of these roles."),
        "rsu_process_open_fds": Metric("gauge", ("roles",), "supervisor", "File descriptors of that process."),
        "rsu_process_cpu_seconds_total": Metric("counter", ("roles",), "supervisor", "CPU time of that process."),
        "rsu_disk_free_octets": Metric("gauge", (), "supervisor", "Free space where the unit keeps its state."),
        "rsu_reports_refused_total": Metric("counter", ("reason",), "supervisor", "Reports or series that were not taken."),
    }
)


def fits(name: str, kind: Kind, labels: tuple[tuple[str, str], ...]) -> bool:
    """Whether a role may report this series."""
    metric = METRICS.get(name)
    return metric is not None and metric.kind == kind and tuple(sorted(metric.labels)) == tuple(label for label, _ in labels)
