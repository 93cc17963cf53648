"""Inverses of many small symmetric positive definite matrices at once, written out: LAPACK is called for each, and slower.

By blocks: Golub, Van Loan: Matrix Computations, the Schur complement of 3.2.11.
"""

from __future__ import annotations

import numpy as np

from rsu.fusion.state import Floats


def inverse_2(s: Floats) -> Floats:
    """s: (n, 2, 2)."""
    inverse = np.empty_like(s)
    inverse[:, 0, 0], inverse[:, 1, 1] = s[:, 1, 1], s[:, 0, 0]
    inverse[:, 0, 1] = inverse[:, 1, 0] = -s[:, 0, 1]
    inverse /= (s[:, 0, 0] * s[:, 1, 1] - s[:, 0, 1] ** 2)[:, None, None]
    return inverse


def inverse_3(s: Floats) -> Floats:
    """By cofactors; s: (n, 3, 3)."""
    a, b, c, d, e, f = s[:, 0, 0], s[:, 0, 1], s[:, 0, 2], s[:, 1, 1], s[:, 1, 2], s[:, 2, 2]
    inverse = np.empty_like(s)
    inverse[:, 0, 0] = d * f - e * e
    inverse[:, 0, 1] = inverse[:, 1, 0] = c * e - b * f
    inverse[:, 0, 2] = inverse[:, 2, 0] = b * e - c * d
    inverse[:, 1, 1] = a * f - c * c
    inverse[:, 1, 2] = inverse[:, 2, 1] = b * c - a * e
    inverse[:, 2, 2] = a * d - b * b
    inverse /= (a * inverse[:, 0, 0] + b * inverse[:, 0, 1] + c * inverse[:, 0, 2])[:, None, None]
    return inverse


def inverse_5(s: Floats) -> Floats:
    """By blocks of 2 and 3: [A B; Bᵀ D], S = D − Bᵀ A⁻¹ B; s: (n, 5, 5)."""
    block, aside = inverse_2(s[:, :2, :2]), s[:, :2, 2:]
    through = block @ aside
    rest = inverse_3(s[:, 2:, 2:] - aside.swapaxes(1, 2) @ through)
    across = through @ rest
    inverse = np.empty_like(s)
    inverse[:, :2, :2] = block + across @ through.swapaxes(1, 2)
    inverse[:, :2, 2:] = -across
    inverse[:, 2:, :2] = -across.swapaxes(1, 2)
    inverse[:, 2:, 2:] = rest
    return inverse
