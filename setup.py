"""Build of the one compiled module, ``rsu._codec``; everything else is declared in pyproject.toml.

The generated C goes to ``build/cython``, never beside the sources. The top-level ``asn1/`` is installed as
the package ``rsu.asn1``.
"""

from __future__ import annotations

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup

CODEC = Extension(
    "rsu._codec",
    ["rsu/_codec.pyx"],
    depends=sorted(str(part) for part in Path("rsu/_codec_parts").glob("*.pxi")),
    extra_compile_args=["-O3"],
)

setup(
    packages=[*find_packages(include=["rsu", "rsu.*"]), "rsu.asn1"],
    package_dir={"rsu.asn1": "asn1"},
    package_data={
        "rsu": ["py.typed", "*.pyi"],
        "rsu.asn1": ["*.md", "*/*.asn", "*/*.toml"],
    },
    include_package_data=False,
    ext_modules=cythonize([CODEC], build_dir="build/cython", language_level=3),
)
