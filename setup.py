"""Build of the one compiled module, ``rsu._codec``; everything else is declared in pyproject.toml.

The generated C goes to ``build/cython``, never beside the sources. The top-level ``asn1/`` is installed as
the package ``rsu.asn1``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext

CODEC = Extension(
    "rsu._codec",
    ["rsu/_codec.pyx"],
    depends=sorted(str(part) for part in Path("rsu/_codec_parts").glob("*.pxi")),
    extra_compile_args=["-O3"],
)


class BuildWithPrograms(build_ext):
    """Builds the codec, then lowers the built-in schemas with it: reading ASN.1 text takes seconds, a program milliseconds."""

    def run(self) -> None:
        super().run()
        root = Path.cwd() if self.inplace or getattr(self, "editable_mode", False) else Path(self.build_lib)
        path = os.pathsep.join([str(root.resolve()), *sys.path])
        command = [sys.executable, "-m", "rsu._ship", str(root.resolve() / "rsu" / "_programs")]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": path}, cwd=root)


setup(
    packages=[*find_packages(include=["rsu", "rsu.*"]), "rsu.asn1"],
    package_dir={"rsu.asn1": "asn1"},
    package_data={
        "rsu": ["py.typed", "*.pyi"],
        "rsu.asn1": ["*.md", "*/*.asn", "*/*.toml"],
    },
    include_package_data=False,
    cmdclass={"build_ext": BuildWithPrograms},
    ext_modules=cythonize([CODEC], build_dir="build/cython", language_level=3),
)
