"""Points by index: whole when had in pieces, and spread as their kind says."""

import numpy as np
import pytest

from scs.sweeps import sampling
from scs.sweeps.axes import Axis


def test_a_grid_runs_through_its_last_axis_first() -> None:
    places = [sampling.grid(row, (2, 3)) for row in range(6)]
    assert places == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]


@pytest.mark.parametrize("count", [1, 2, 5, 64, 1000])
def test_a_latin_hypercube_has_one_point_in_every_stratum_of_each_axis(count: int) -> None:
    points = sampling.latin_hypercube(0, count, 3, 7, count)
    assert points.shape == (count, 3)
    for axis in points.T:
        assert sorted(np.floor(axis * count).astype(int)) == list(range(count))


def test_axes_and_seeds_of_a_latin_hypercube_are_unlike() -> None:
    points = sampling.latin_hypercube(0, 2000, 4, 7, 2000)
    other = sampling.latin_hypercube(0, 2000, 4, 8, 2000)
    correlation = np.corrcoef(np.hstack((points, other)).T) - np.eye(8)
    assert np.abs(correlation).max() < 0.1  # 4.5 standard errors of 2000 points


@pytest.mark.parametrize("cuts", [(0, 50), (0, 1, 50), (0, 7, 8, 31, 50)])
def test_points_are_the_same_in_any_pieces(cuts: tuple[int, ...]) -> None:
    pairs = list(zip(cuts[:-1], cuts[1:], strict=True))
    drawn = np.vstack([sampling.sobol(start, end, 3, 5) for start, end in pairs])
    assert np.array_equal(drawn, sampling.sobol(0, 50, 3, 5))
    latin = np.vstack([sampling.latin_hypercube(start, end, 3, 5, 50) for start, end in pairs])
    assert np.array_equal(latin, sampling.latin_hypercube(0, 50, 3, 5, 50))


def test_a_million_millionth_row_needs_no_other() -> None:
    last = 10**9
    assert sampling.latin_hypercube(last - 2, last, 2, 0, last).shape == (2, 2)
    assert sampling.grid(last - 1, (10**5, 10**4)) == [10**5 - 1, 10**4 - 1]


def test_a_range_keeps_its_ends_and_its_grid() -> None:
    axis = Axis("a", ("a",), "uA", low=100, high=8000, count=3)
    assert [axis.at(place) for place in range(3)] == ["100 uA", "4.05 mA", "8 mA"]
    log = Axis("a", ("a",), "uA", low=100, high=10_000, log=True, count=3)
    assert [log.at(place) for place in range(3)] == ["100 uA", "1 mA", "10 mA"]
    assert (log.between(0.0), log.between(1.0)) == ("100 uA", "10 mA")
    listed = Axis("a", ("a",), "", values=("x", "y"))
    assert [listed.between(share) for share in (0.0, 0.49, 0.5, 1.0)] == ["x", "x", "y", "y"]
