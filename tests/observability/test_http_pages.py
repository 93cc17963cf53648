"""The pages over real sockets: what they say, and that slow, greedy and broken clients do not hurt."""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Iterator

import msgspec
import pytest
from observed import Observed, well
from prometheus_client.parser import text_string_to_metric_families

from rsu.errors import ConfigError
from rsu.observability import http as pages
from rsu.observability.exposition import exposition
from rsu.observability.figures import FIGURES
from rsu.observability.http import CONNECTIONS_MAX, REQUEST_OCTETS_MAX, Server, serve
from rsu.observability.metrics import METRICS
from rsu.observability.status import (
    ClockStatus,
    DiskStatus,
    HealthStatus,
    LedgerStatus,
    OutboxStatus,
    RecordingStatus,
    RoleStatus,
    StageStatus,
    Status,
    TargetStatus,
    TypeStatus,
    UnitStatus,
    status,
)

WAIT_S = 20


@pytest.fixture
def unit() -> Observed:
    return well()


@pytest.fixture
def server(unit: Observed) -> Iterator[Server]:
    opened = serve("127.0.0.1:0", unit.registry, unit.health)
    yield opened
    opened.close()


def get(server: Server, path: str, method: str = "GET") -> tuple[int, bytes, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_S)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body, answer.getheader("Content-Type", "")


def raw(server: Server, *parts: bytes) -> bytes:
    """What comes back for these octets, until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as client:
        for part in parts:
            client.sendall(part)
        found = b""
        try:
            while more := client.recv(65_536):
                found += more
        except ConnectionError:
            pass
        return found


# What they say --------------------------------------------------------------------------------------------------------


def fill(unit: Observed) -> None:
    """One series of each metric that a role reports."""
    for name, metric in METRICS.items():
        labels = dict.fromkeys(metric.labels, "x")
        if metric.kind == "counter" and metric.by != "supervisor":
            unit.meters["engine"].count(name, 3, **labels)
        elif metric.kind == "gauge" and metric.by != "supervisor":
            unit.meters["engine"].gauge(name, 2.5, **labels)
    unit.meters["engine"].stage("x", 15_000, 2)
    unit.meters["engine"].stage("x", 10**12)
    unit.report()


def samples(text: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_every_metric_of_the_table_is_exposed_with_its_kind_help_and_labels(unit: Observed) -> None:
    fill(unit)
    unit.pass_s(1)
    text = exposition(unit.registry, unit.health).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert set(families) == {name.removesuffix("_total") for name in METRICS}
    for name, metric in METRICS.items():
        family = families[name.removesuffix("_total")]
        assert (family.type, family.documentation) == (metric.kind, metric.help)
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels), name
        assert family.samples or name == "rsu_reports_refused_total", name


def test_a_histogram_is_cumulative_and_its_sum_is_in_seconds(unit: Observed) -> None:
    fill(unit)
    found = samples(exposition(unit.registry))
    bucket = {dict(labels)["le"]: value for (name, labels), value in found.items() if name == "rsu_stage_seconds_bucket"}
    assert (bucket["1e-05"], bucket["2e-05"], bucket["5.0"], bucket["+Inf"]) == (0, 2, 2, 3)
    assert found["rsu_stage_seconds_count", (("stage", "x"),)] == 3
    assert found["rsu_stage_seconds_sum", (("stage", "x"),)] == pytest.approx(1_000.00003)


def test_hostile_label_values_stay_inside_their_quotes(unit: Observed) -> None:
    name = 'a"} 1\nrsu_role_up{role="engine"} 0\n\\'
    unit.meters["engine"].count("rsu_messages_received_total", type=name, channel="pc5")
    unit.report()
    found = samples(exposition(unit.registry, unit.health))
    assert found["rsu_messages_received_total", (("channel", "pc5"), ("type", name))] == 1
    assert found["rsu_role_up", (("role", "engine"),)] == 1


def test_the_process_of_roles_is_measured(unit: Observed) -> None:
    unit.pass_s(1)
    found = samples(exposition(unit.registry, unit.health))
    ours = (("roles", "ingest+engine+record"),)
    assert found["rsu_process_resident_octets", ours] > 1_000_000
    assert found["rsu_process_open_fds", ours] >= 3
    assert found["rsu_process_cpu_seconds_total", ours] == pytest.approx(sum(os.times()[:2]), abs=2)


@pytest.mark.parametrize(
    ("path", "code", "kind"),
    [
        ("/metrics", 200, "text/plain; version=0.0.4; charset=utf-8"),
        ("/metrics?x=1", 200, "text/plain; version=0.0.4; charset=utf-8"),
        ("/healthz", 200, "application/json"),
        ("/readyz", 200, "application/json"),
        ("/status", 200, "application/json"),
        ("/", 404, "text/plain; charset=utf-8"),
        ("/../etc/passwd", 404, "text/plain; charset=utf-8"),
    ],
)
def test_pages(server: Server, path: str, code: int, kind: str) -> None:
    found, body, content_type = get(server, path)
    assert (found, content_type) == (code, kind)
    assert body
    head_code, head_body, _ = get(server, path, "HEAD")
    assert (head_code, head_body) == (code, b"")


def test_a_unit_that_is_not_ready_or_not_alive_answers_503_and_why(unit: Observed, server: Server) -> None:
    unit.pass_s(40, report=False)
    for path, name in (("/healthz", "selftest"), ("/readyz", "roles")):
        code, body, _ = get(server, path)
        found = json.loads(body)
        assert (code, found["ok"]) == (503, False)
        (check,) = (check for check in found["checks"] if check["name"] == name)
        assert check["level"] == "fail" and check["do"]


def test_the_status_page_tells_everything_and_its_ledger_adds_up(unit: Observed, server: Server) -> None:
    fill(unit)
    unit.meters["engine"].count("rsu_messages_received_total", 20, type="SPAT", channel="pc5")
    unit.meters["ingest"].count("rsu_source_records_total", 20, source="radio0")
    unit.meters["engine"].sender("0a", "SPAT")
    unit.meters["engine"].event("reject", "radio0: truncated", 5)
    unit.pass_s(6)
    page = msgspec.json.decode(get(server, "/status")[1], type=Status)
    ledger = page.ledger
    assert (ledger.stored, ledger.quarantined, ledger.duplicate, ledger.shed, ledger.in_flight) == (3, 3, 3, 3, 2)
    assert (ledger.received, ledger.lost) == (23, 23 - 4 * 3 - 2)
    assert [(row.type, row.total) for row in page.types] == [("SPAT", 20), ("x", 3)]
    assert page.senders[0][:2] == ("0a", "SPAT")
    assert page.events[0].text == "radio0: truncated"
    assert {role.role: role.up for role in page.roles} == {"ingest": True, "engine": True, "record": True}
    assert page.stages[0].stage == "x"


PARTS: dict[str, type[msgspec.Struct]] = {
    "unit": UnitStatus,
    "health": HealthStatus,
    "roles": RoleStatus,
    "types": TypeStatus,
    "stages": StageStatus,
    "ledger": LedgerStatus,
    "outbox": OutboxStatus,
    "targets": TargetStatus,
    "clock": ClockStatus,
    "disk": DiskStatus,
    "recording": RecordingStatus,
}
NEED_NO_WORDS = set(
    "unit.python unit.time_ns unit.started_ns roles.role roles.uptime_s types.type stages.stage outbox.octets_max "
    "targets.target clock.last_step_s clock.last_step_ns disk.total_octets".split()
)


def test_each_figure_of_the_page_is_explained_and_no_other(unit: Observed) -> None:
    page = msgspec.to_builtins(status(unit.registry, unit.health))
    fields = {f"{section}.{field}" for section, part in PARTS.items() for field in part.__struct_fields__}
    fields |= set(page) - set(PARTS)
    assert {figure.field for figure in FIGURES} == fields - NEED_NO_WORDS


# Clients that are not friendly ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_octets", "code"),
    [
        (b"POST /metrics HTTP/1.1\r\n\r\n", b"405"),
        (b"\x16\x03\x01 TLS hello\r\n\r\n", b"400"),
        (b"GET /metrics\r\n\r\n", b"400"),
        (b"GET /metrics HTTP/2\r\n\r\n", b"400"),
        (b"GET /\xff\xfe HTTP/1.1\r\n\r\n", b"404"),
    ],
)
def test_what_is_no_request_gets_a_short_answer(server: Server, request_octets: bytes, code: bytes) -> None:
    assert raw(server, request_octets).split()[1] == code


@pytest.mark.parametrize(("octets", "answered"), [(REQUEST_OCTETS_MAX - 100, True), (REQUEST_OCTETS_MAX * 4, False)])
def test_a_long_request_is_cut_off(server: Server, octets: int, answered: bool) -> None:
    head = b"GET /healthz HTTP/1.1\r\nX: " + b"a" * octets
    try:
        found = raw(server, head + b"\r\n\r\n")
    except ConnectionError:
        found = b""
    assert found.startswith(b"HTTP/1.1 200") is answered


def test_a_client_that_sends_an_octet_now_and_then_is_cut_off(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "REQUEST_S_MAX", 0.3)
    with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as client:
        client.settimeout(0.05)
        until = time.monotonic() + WAIT_S
        closed = False
        while not closed and time.monotonic() < until:
            try:
                client.sendall(b"G")
                closed = client.recv(1) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                closed = True
        assert closed
    assert server.turned_away["slow or long request"] == 1
    assert get(server, "/healthz")[0] == 200


def test_connections_past_the_bound_are_closed_at_once_and_the_server_goes_on(server: Server) -> None:
    idle = [socket.create_connection(("127.0.0.1", server.port), WAIT_S) for _ in range(CONNECTIONS_MAX)]
    try:
        assert raw(server) == b""  # one past the bound
        assert server.turned_away["too many connections"] == 1
        threads = threading.active_count()
        assert threads < CONNECTIONS_MAX + 20
    finally:
        for one in idle:
            one.close()
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        try:
            if get(server, "/healthz")[0] == 200:
                return
        except (http.client.HTTPException, ConnectionError):
            continue
    pytest.fail("the server does not answer any more")


def test_a_client_that_goes_away_without_reading_is_no_fault(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # reset instead of an orderly end
            client.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
    assert get(server, "/healthz")[0] == 200
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("listen", ["", "9117", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x", "192.0.2.1:9117"])
def test_an_address_that_cannot_be_used_is_refused(unit: Observed, listen: str) -> None:
    with pytest.raises(ConfigError, match=r"\[observability\] listen"):
        serve(listen, unit.registry, unit.health)


def test_a_port_that_is_taken_is_refused_and_a_closed_one_is_free(unit: Observed, server: Server) -> None:
    with pytest.raises(ConfigError, match="choose another port"):
        serve(f"127.0.0.1:{server.port}", unit.registry, unit.health)
    first = serve("127.0.0.1:0", unit.registry, unit.health)
    first.close()
    serve(f"127.0.0.1:{first.port}", unit.registry, unit.health).close()
