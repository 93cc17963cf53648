"""Where the files, the state and the sockets of a configuration lie, and who may read and write them."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from config_files import Write

from rsu.config import Config, Unit, database_url, examine, load_config, read_secret, run_dir, state_path
from rsu.config.paths import SECRET_OCTETS_MAX, SOCKET_NAME_MAX, SOCKET_PATH_MAX
from rsu.errors import ConfigError


def unit(**values: str) -> Config:
    return Config(unit=Unit(**values))  # type: ignore[arg-type]


def secret(path: Path, text: str = "hush\n", mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_paths_count_from_the_folder_of_the_file_and_state_from_state_dir(rsu_toml: Write, tmp_path: Path) -> None:
    secret(tmp_path / "word")
    secret(tmp_path / "ca.pem")
    text = (
        "[unit]\nstate_dir = 'var'\nrun_dir = '../run'\n[pipeline]\ncurve_dir = 'keys'\n[recording]\ndir = 'logs'\n"
        "[mqtt]\nhost = 'h'\nusername = 'u'\npassword_file = 'word'\ntls_ca_file = './ca.pem'\n"
        "[observability]\nlog_file = '/x/y'\n"
    )
    config = load_config(rsu_toml(text), {})
    assert config.unit.state_dir == str(tmp_path / "var")
    assert config.unit.run_dir == str(tmp_path.parent / "run")
    assert config.pipeline.curve_dir == str(tmp_path / "keys")
    assert config.recording.dir == str(tmp_path / "var" / "logs")
    assert config.store.outbox == str(tmp_path / "var" / "outbox.db")
    assert config.observability.log_file == "/x/y"
    assert config.mqtt is not None
    assert (config.mqtt.password_file, config.mqtt.tls_ca_file) == (str(tmp_path / "word"), str(tmp_path / "ca.pem"))
    assert config.mqtt.tls_key_file == ""


def test_the_current_folder_does_not_matter(rsu_toml: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = rsu_toml("")
    monkeypatch.chdir(tmp_path)
    assert load_config("rsu.toml", {}) == load_config(path, {})


@pytest.mark.parametrize(
    ("url", "becomes"),
    [
        ("rsu.db", "STATE/rsu.db"),
        ("/a/rsu.db", "/a/rsu.db"),
        ("sqlite:///rsu.db", "sqlite:///STATE/rsu.db"),
        ("sqlite:////a/rsu.db", "sqlite:////a/rsu.db"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://rsu@h/x", "postgresql://rsu@h/x"),
        ("", ""),
    ],
)
def test_the_database_file_lies_in_state_dir(rsu_toml: Write, tmp_path: Path, url: str, becomes: str) -> None:
    config = load_config(rsu_toml(f"[store]\nurl = '{url}'"), {})
    assert config.store.url == becomes.replace("STATE", str(tmp_path / "state"))


def test_state_path_makes_the_folder_closed_to_others(tmp_path: Path) -> None:
    path = state_path(unit(state_dir=str(tmp_path / "a")), "logs/outbox.db")
    assert path == tmp_path / "a" / "logs" / "outbox.db"
    assert path.parent.is_dir() and not path.parent.stat().st_mode & 0o007


def test_state_that_cannot_be_made_says_which_key_to_change(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(ConfigError, match=r"\[unit\] state_dir: .*a/b cannot be made: Not a directory; name a folder"):
        state_path(unit(state_dir=str(tmp_path / "a")), "b/outbox.db")


def test_run_dir_is_made_for_its_user_only_and_lies_in_state_dir_where_none_is_named(tmp_path: Path) -> None:
    path = run_dir(unit(state_dir=str(tmp_path / "a")))
    assert path == tmp_path / "a" / "run"
    assert path.stat().st_mode & 0o777 == 0o700
    assert run_dir(unit(state_dir=str(tmp_path / "a"))) == path


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_run_dir_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(ConfigError, match=rf"has mode {mode:04o}, others can write it: chmod 0700 {folder}"):
        run_dir(unit(run_dir=str(folder)))


def test_a_run_dir_that_others_could_exchange_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(ConfigError, match=r"others can write .*open \(mode 0777\), and so exchange .*run"):
        run_dir(unit(run_dir=str(tmp_path / "open" / "run")))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_run_dir_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    os.chown(tmp_path / "run", 65_534, 65_534)
    with pytest.raises(ConfigError, match="belongs to user 65534, this is 0"):
        run_dir(unit(run_dir=str(tmp_path / "run")))


@pytest.mark.parametrize("over", [0, 1])
def test_a_run_dir_leaves_room_for_the_name_of_a_socket(tmp_path: Path, over: int) -> None:
    length = SOCKET_PATH_MAX - SOCKET_NAME_MAX - 1 + over
    base = Path("/tmp") / f"rsu-{os.getpid()}"
    config = unit(run_dir=f"{base}{'x' * (length - len(str(base)))}")
    if over:
        with pytest.raises(ConfigError, match="for a socket's path has 107; name a shorter one"):
            run_dir(config)
    else:
        run_dir(config).rmdir()


@pytest.mark.parametrize(("text", "read"), [("hush\n", "hush"), ("hush\r\n", "hush"), (" h u ", " h u "), ("密码", "密码")])
def test_a_secret_is_read_without_its_line_end(tmp_path: Path, text: str, read: str) -> None:
    assert read_secret(secret(tmp_path / "s", text)) == read


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [
        ("hush", 0o604, "has mode 0604, every user can read it: chmod 0600"),
        ("", 0o600, "is empty: write the secret into it"),
        ("\n", 0o600, "is empty: write the secret into it"),
        ("x" * (SECRET_OCTETS_MAX + 1), 0o600, f"more than {SECRET_OCTETS_MAX} octets"),
    ],
    ids=["open", "empty", "line", "size"],
)
def test_a_file_that_keeps_no_secret_is_refused(tmp_path: Path, text: str, mode: int, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        read_secret(secret(tmp_path / "s", text, mode))


def test_a_secret_of_the_largest_size_is_read(tmp_path: Path) -> None:
    assert len(read_secret(secret(tmp_path / "s", "x" * SECRET_OCTETS_MAX))) == SECRET_OCTETS_MAX


def test_a_named_pipe_is_no_secret_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "s", 0o600)
    with pytest.raises(ConfigError, match="must be a file"):
        read_secret(tmp_path / "s")


def test_a_secret_that_cannot_be_used_is_found_when_the_file_is_read(rsu_toml: Write, tmp_path: Path) -> None:
    path = rsu_toml("[mqtt]\nhost='h'\nusername='u'\npassword_file='s'\ntls_ca_file='ca'\n")
    secret(tmp_path / "s", mode=0o644)
    told = [problem.text for problem in examine(path, {}).problems]
    assert told == [f"has mode 0644, every user can read it: chmod 0600 {tmp_path / 's'}", "No such file or directory"]


def test_the_database_url_takes_its_password_from_the_file(tmp_path: Path) -> None:
    config = Config(unit=Unit(state_dir=str(tmp_path / "state")))
    assert database_url(config) == f"sqlite:///{tmp_path}/state/rsu.db"
    word = str(secret(tmp_path / "s", "p@ss/wörd\n"))
    store = msgspec.structs.replace(config.store, url="postgresql://rsu@h:5432/x?host=/tmp", password_file=word)
    found = database_url(msgspec.structs.replace(config, store=store))
    assert found == "postgresql://rsu:p%40ss%2Fw%C3%B6rd@h:5432/x?host=/tmp"
