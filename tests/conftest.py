"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of published vectors, logs and facts: ``../shared`` beside the checkout, or ``RSU_SHARED``.

    It is data for tests only and no part of the project: a test that reads it is skipped where it is absent.
    """
    folder = Path(os.environ.get("RSU_SHARED") or CHECKOUT.parent / "shared")
    if not (folder / "vectors").is_dir():
        pytest.skip(f"published vectors and logs are not at {folder}: set RSU_SHARED to their folder")
    return folder
