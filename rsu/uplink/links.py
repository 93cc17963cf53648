"""What the connections to platforms have in common: secrets from files, encryption, which attempt counts as a good one."""

from __future__ import annotations

import ssl
from pathlib import Path

from rsu.errors import ConfigError

STEADY_S = 10.0  # a session that lasted longer was not a failed attempt
SECRET_CHARACTERS_MAX = 4_096


def read_secret(path: str, key: str) -> str:
    """The one line of a secret's file; empty where none is set.

    :raises ConfigError: where it cannot be read.
    """
    if not path:
        return ""
    try:
        with Path(path).open(encoding="utf-8") as file:
            return file.read(SECRET_CHARACTERS_MAX).strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{key} = {path!r}: {error}") from error


def tls_context(ca: str, certificate: str, key: str, section: str) -> ssl.SSLContext | None:
    """The encryption of a connection; None where no CA is set.

    :raises ConfigError: where a file cannot be used.
    """
    if not ca:
        if certificate or key:
            raise ConfigError(f"{section} tls_cert_file is set without tls_ca_file: set the CA that the other side is known by")
        return None
    try:
        context = ssl.create_default_context(cafile=ca)
        if certificate:
            context.load_cert_chain(certificate, key or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{section} tls_ca_file = {ca!r}, tls_cert_file = {certificate!r}: {error}") from error
    return context
