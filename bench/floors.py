"""The floors: what each output of the codec costs at least, made by `bench/_floors.pyx`, which is compiled here.

The compiled module lies in `build/bench/` and is made anew when its source is newer.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import sysconfig
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PARTS = [ROOT / "bench" / "_floors.pyx", ROOT / "bench" / "_floors_core.pxi"]
BUILD = Path("build", "bench")
BUILT = ROOT / BUILD / "bench" / f"_floors{sysconfig.get_config_var('EXT_SUFFIX')}"
MARK = "rsu_bench_mark"  # the C function behind mark()
FLAGS = ["-O3"]  # as setup.py has for the codec


@cache
def module() -> ModuleType:
    """The compiled module."""
    if not BUILT.exists() or BUILT.stat().st_mtime < max(part.stat().st_mtime for part in PARTS):
        compile_source()
    spec = importlib.util.spec_from_file_location("bench._floors", BUILT)
    if spec is None or spec.loader is None:
        raise ImportError(f"{BUILT}: is no extension module of this Python")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def compile_source() -> None:
    """`_floors.pyx` → `build/bench/`, the generated C included."""
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension

    print(f"compiling {PARTS[0].relative_to(ROOT)} …", file=sys.stderr)
    parts = [str(part.relative_to(ROOT)) for part in PARTS]
    extension = Extension("bench._floors", parts[:1], depends=parts, extra_compile_args=FLAGS)
    with contextlib.chdir(ROOT):
        modules = cythonize([extension], build_dir=str(BUILD / "cython"), language_level=3, quiet=True)
        builder: Any = Distribution({"name": "bench", "ext_modules": modules}).get_command_obj("build_ext")
        builder.build_lib, builder.build_temp = str(BUILD), str(BUILD / "temp")
        builder.ensure_finalized()
        builder.run()


def value_floor(decode: Callable[[], Any]) -> Callable[[], Any]:
    """A call that makes the value of ``decode()`` without reading anything.

    It is decoded twice: a string that is the same object both times is a name which the decoder does not make either.
    """
    value = decode()
    rows = list(steps(value, decode(), module().Place.ALONE, 0, None))
    build: Callable[[], Any] = module().ValueFloor(rows).build
    if build() != value:
        raise RuntimeError("the floor makes another value than the decoder")
    return build


def steps(value: Any, again: Any, into: int, place: int, key: str | None) -> Iterator[tuple[Any, ...]]:
    """The rows of a :class:`ValueFloor` for one value, each container before its parts."""
    kind, places = module().StepKind, module().Place
    if value is None or value is True or value is False or (value is again and isinstance(value, str)):
        yield kind.SHARED, into, 0, place, value, key
    elif isinstance(value, int):
        yield kind.INTEGER, into, value, place, None, key
    elif isinstance(value, bytes):
        yield kind.OCTETS, into, len(value), place, value, key
    elif isinstance(value, str):
        yield kind.TEXT, into, len(value), place, value.encode("ascii"), key
    elif isinstance(value, dict):
        yield kind.DICT, into, len(value), place, None, key
        for name, item in value.items():
            yield from steps(item, again[name], places.IN_DICT, 0, name)
        yield kind.END, 0, 0, 0, None, None
    else:
        is_list = isinstance(value, list)
        yield kind.LIST if is_list else kind.TUPLE, into, len(value), place, None, key
        for index, (item, twin) in enumerate(zip(value, again, strict=True)):
            yield from steps(item, twin, places.IN_LIST if is_list else places.IN_TUPLE, index, None)
        yield kind.END, 0, 0, 0, None, None
