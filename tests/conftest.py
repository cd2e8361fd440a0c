"""Settings shared by all tests: hypothesis repeats the same examples unless told to explore.

HYPOTHESIS_PROFILE=explore draws new examples, ten times as many.
"""

import os
import signal

from hypothesis import HealthCheck, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # `nohup make test &`: children inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

SLOW = [HealthCheck.too_slow]

settings.register_profile(
    "fixed", derandomize=True, database=None, deadline=None, suppress_health_check=SLOW
)
settings.register_profile("explore", max_examples=1000, deadline=None, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))
