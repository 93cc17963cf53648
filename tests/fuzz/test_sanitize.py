"""AddressSanitizer, as the fuzzer's command sets it up, sees a read one octet behind a message."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .build import SANITIZE, compile_module
from .sanitize import environment, runtime

# As the codec reads: a pointer into the octets of a bytes object, without a check.
READER = """
from cpython.bytes cimport PyBytes_AS_STRING

def octet_at(bytes data, Py_ssize_t place):
    return (<const unsigned char*>PyBytes_AS_STRING(data))[place]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if runtime() is None:
        pytest.skip("the C compiler has no AddressSanitizer")
    folder = tmp_path_factory.mktemp("reader")
    source = folder / "reader.pyx"
    source.write_text(READER, encoding="utf-8")
    compile_module(source, folder, SANITIZE)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("place", "seen"), [(0, False), (40, False), (41, True), (-40, True)])
def test_a_read_outside_a_message_is_seen(place: int, seen: bool, folder: Path) -> None:
    # CPython puts one zero octet behind the 40 of the message, which therefore is still inside its block.
    library = runtime()
    assert library is not None
    program = f"import reader; reader.octet_at(bytes(range(40)), {place})"
    command = [sys.executable, "-P", "-c", program]
    done = subprocess.run(command, env=environment(library, folder), capture_output=True, text=True)
    assert (done.returncode != 0) is seen, done.stderr
    assert ("AddressSanitizer: heap-buffer-overflow" in done.stderr) is seen
