"""Compiles ``_mutate.pyx`` into ``build/fuzz`` when it is absent or older than its source, and imports it from there.

The command does this itself, so that neither the package nor its build knows the fuzzer.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
SOURCE = HERE / "_mutate.pyx"
SANITIZE = ("-fsanitize=address", "-fno-omit-frame-pointer", "-g")
SETUP = """
import sys
from Cython.Build import cythonize
from setuptools import Extension, setup
name, source, folder, *flags = sys.argv[1:]
sys.argv[1:] = ["--quiet", "build_ext", "--build-lib", folder, "--build-temp", folder + "/objects"]
extension = Extension(name, [source], extra_compile_args=["-O2", *flags], extra_link_args=flags)
setup(name=name, packages=[], ext_modules=cythonize([extension], build_dir=folder + "/c", language_level=3, quiet=True))
"""


def build_folder() -> Path:
    """``build/fuzz`` of the checkout."""
    folder = CHECKOUT / "build" / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def compile_module(source: Path, folder: Path, flags: tuple[str, ...] = ()) -> None:
    """A Cython file → an extension module in ``folder``.

    :param flags: for the C compiler and the linker.
    """
    # An interpreter under AddressSanitizer shall not bring it into the compiler.
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    command = [sys.executable, "-c", SETUP, source.stem, str(source), str(folder), *flags]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)
    if done.returncode:
        raise RuntimeError(f"{source.name} does not compile:\n{done.stdout}{done.stderr}")


def load_mutator(sanitized: bool = False) -> ModuleType:
    """The compiled module, built first where that is needed."""
    folder = build_folder() / ("asan" if sanitized else "plain")
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs that start together build once
        if _is_stale(_built(folder)):
            compile_module(SOURCE, folder, SANITIZE if sanitized else ())
    path = _built(folder)
    if path is None:
        raise RuntimeError(f"the build left no module in {folder}")
    return load_module(path)


def load_module(path: Path) -> ModuleType:
    """The extension module of a file, by its own name."""
    specification = importlib.util.spec_from_file_location(path.name.partition(".")[0], path)
    if specification is None or specification.loader is None:
        raise RuntimeError(f"{path} is no module")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def _built(folder: Path) -> Path | None:
    suffix = f".cpython-{sys.version_info.major}{sys.version_info.minor}"
    return next((path for path in folder.glob("_mutate*.so") if suffix in path.name), None)


def _is_stale(built: Path | None) -> bool:
    sources = [SOURCE, *(HERE / "_parts").glob("*.pxi")]
    return built is None or built.stat().st_mtime < max(source.stat().st_mtime for source in sources)
