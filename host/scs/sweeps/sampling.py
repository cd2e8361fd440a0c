"""Points of a sweep by their index: grid, list, Latin hypercube, Sobol.

Role: grid() gives a row's place on each axis, shares() the shares (0 to 1) of a block of rows.
Invariant: a row depends on its index, the sample's count and its seed alone, so that any block can
be had without those before it and in the memory of that block.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .extras import required

Shares = NDArray[np.float64]  # a row a point, a column an axis
Words = NDArray[np.uint64]
ROUNDS = 6  # of the Feistel network; four make a permutation look random (Luby and Rackoff, 1988)
SOBOL_BITS = 30  # of scipy: 2^30 points, more than MOST_ROWS


def grid(row: int, sizes: Sequence[int]) -> list[int]:
    """Return the place on each axis; the last axis runs fastest."""
    places = []
    for size in reversed(sizes):
        row, place = divmod(row, size)
        places.append(place)
    return places[::-1]


def sobol(start: int, end: int, axes: int, seed: int) -> Shares:
    """Return scrambled Sobol points, by scipy."""
    qmc = required("scipy.stats.qmc")
    engine = qmc.Sobol(axes, scramble=True, bits=SOBOL_BITS, seed=np.random.default_rng(seed))
    if start:
        engine.fast_forward(start)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a block is no power of two, the whole may be
        points: Shares = engine.random(end - start)
    return points


def latin_hypercube(start: int, end: int, axes: int, seed: int, count: int) -> Shares:
    """Return points of a Latin hypercube of `count`: on each axis one in every 1/count.

    scipy's needs all points at once, so each axis has a permutation that is computed by index.
    """
    rows = np.arange(start, end, dtype=np.uint64)
    columns = []
    for axis in range(axes):
        key = _mixed(np.uint64(seed) * np.uint64(2 * axes) + np.uint64(2 * axis))
        within = (_mixed(_mixed(rows) ^ _mixed(key)) >> np.uint64(11)) / 2.0**53
        columns.append((_permuted(rows, count, key) + within) / count)
    return np.stack(columns, axis=1)


def _mixed(words: Words | np.uint64) -> Words:
    """Return well-mixed bits of each word: the finisher of SplitMix64 (Steele et al., 2014)."""
    with np.errstate(over="ignore"):
        mixed = np.asarray(words, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


def _permuted(rows: Words, count: int, key: Words) -> Words:
    """Return the places of rows in a permutation of range(count).

    A Feistel network permutes the next power of four; what leaves the range goes round again.
    """
    half = np.uint64(max(1, ((count - 1).bit_length() + 1) // 2))
    mask = (np.uint64(1) << half) - np.uint64(1)
    places = rows.copy()
    outside = np.ones(len(rows), dtype=bool)
    while outside.any():
        left, right = places[outside] >> half, places[outside] & mask
        for turn in range(ROUNDS):
            left, right = right, left ^ (_mixed(_mixed(right ^ key) + np.uint64(turn)) & mask)
        places[outside] = left << half | right
        outside = places >= count
    return places
