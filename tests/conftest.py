"""Settings shared by all tests, and what is made once for all workers.

hypothesis repeats the same examples unless told to explore: HYPOTHESIS_PROFILE=explore draws new
ones, ten times as many (tests/support/exploring.py), also where CI is set, which makes hypothesis
repeat itself by default.
"""

import fcntl
import os
import pickle
import signal
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # `nohup make test &`: children inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

T = TypeVar("T")
SLOW = [HealthCheck.too_slow]

settings.register_profile(
    "fixed", derandomize=True, database=None, deadline=None, suppress_health_check=SLOW
)
settings.register_profile(
    "explore",
    max_examples=1000,
    derandomize=False,
    deadline=None,
    print_blob=True,
    suppress_health_check=SLOW,
)
settings.register_profile(  # for mutate.py, which asks only whether a test fails
    "unshrunk",
    parent=settings.get_profile("fixed"),
    phases=[Phase.explicit, Phase.generate, Phase.target],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., object]:
    """Return (name, make) -> what make() returns, made by one worker and read by the others."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # the workers' own

    def made_once(name: str, make: Callable[[], T]) -> T:
        path = folder / f"{name}.pickle"
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                path.write_bytes(pickle.dumps(make()))
        value: T = pickle.loads(path.read_bytes())
        return value

    return made_once
