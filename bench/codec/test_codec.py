"""`python -m pytest bench/codec`: a group for each message and direction, with rsu, asn1tools and pycrate in it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from bench.messages import messages
from bench.peers import Codec, codecs

NAMES = ("rsu", "asn1tools", "pycrate")


@cache
def codecs_of(message: str) -> dict[str, Codec]:
    return {codec.name: codec for codec in codecs(messages()[message])}


@pytest.mark.parametrize("codec", NAMES)
@pytest.mark.parametrize("direction", ["decode", "encode"])
@pytest.mark.parametrize("message", messages())
def test_codec(benchmark: Any, message: str, direction: str, codec: str) -> None:
    benchmark.group = f"{message}, {direction}"
    benchmark.extra_info["octets"] = len(codecs_of(message)["rsu"].encode())
    benchmark(getattr(codecs_of(message)[codec], direction))
