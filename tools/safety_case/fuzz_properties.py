"""Targets of fuzzing, and the properties that an input may break.

Role: Target, Broken, and outcome(), which runs one input. Invariant: any exception that a target's
own feed() does not expect is a failure, and so is an input that takes longer than SLOW_S of CPU.
"""

import time
import traceback
from collections.abc import Callable
from typing import NamedTuple

from hypothesis import strategies as st

SLOW_S = 10.0
# target -> whose lines count as covered, and guide atheris: what a dialogue commits is judged by
# slow code of other modules, which is not what these inputs are about
MODULES = {
    "frame": ("stimcore.frame",),
    "dialogue": tuple(
        f"stimcore.{name}"
        for name in ("dialogue", "packing", "handlers", "device", "output", "ramp", "journal")
    ),
    "program": ("stimcore.program", "stimcore.checks"),
    "store": ("stimcore.store", "stimcore.calibration", "stimcore.journal", "scs.device.journal"),
    "profile": (
        *(f"scs.documents.{name}" for name in ("yaml_reader", "model_validation", "field_types")),
        *(f"scs.profile.{name}" for name in ("profile", "schema", "resolved", "cross_checks")),
        *(f"scs.profile.{name}" for name in ("contact_checks", "compilation", "scheduling")),
    ),
    "boards": (
        "scs.documents.yaml_reader",
        *(
            f"scs.catalog.{name}"
            for name in ("board_file", "board_schema", "board_rules", "boards")
        ),
    ),
    "recording": (
        *(f"scs.recordings.{name}" for name in ("readers", "run_folder", "poll_log")),
        "scs.traces.npz",
    ),
}


class Broken(Exception):
    """A property that does not hold, as a sentence."""


class Target(NamedTuple):
    """Target of fuzzing: `feed` runs an input and returns how many frames, or files, it was.

    seeds: valid inputs to begin with; draws: a strategy of inputs; flood: called once with a seed,
    returns the bytes by which memory grew; tokens: words that inputs of this format have.
    """

    name: str
    feed: Callable[[bytes], int]
    seeds: Callable[[], list[bytes]]
    draws: Callable[[], st.SearchStrategy[bytes]]
    flood: Callable[[int], int] | None = None
    tokens: tuple[bytes, ...] = ()


def outcome(target: Target, data: bytes) -> tuple[int, str]:
    """Run one input; return (its frames, what went wrong or nothing)."""
    begun = time.process_time()
    try:
        frames = target.feed(data)
    except Broken as reason:
        return 0, str(reason)
    except Exception as reason:
        last = traceback.extract_tb(reason.__traceback__)[-1]
        return 0, f"{type(reason).__name__}: {reason} ({last.name}, line {last.lineno})"
    seconds = time.process_time() - begun
    return frames, f"it took {seconds:.1f} s" if seconds > SLOW_S else ""


def reduced(target: Target, data: bytes, most: int = 2_000) -> bytes:
    """Return a shorter input that goes wrong in the same way, after at most so many trials."""
    kind = outcome(target, data)[1].partition(" ")[0]
    size = len(data) // 2
    while size and most > 0:
        at = 0
        while at < len(data) and most > 0:
            shorter = data[:at] + data[at + size :]
            most -= 1
            if outcome(target, shorter)[1].startswith(kind):
                data = shorter
            else:
                at += size
        size //= 2
    return data


def mutated(seeds: list[bytes], tokens: tuple[bytes, ...] = ()) -> st.SearchStrategy[bytes]:
    """Return a strategy of valid inputs with a few edits: bytes replaced, put in, left out."""
    words = st.one_of(st.binary(max_size=8), *([st.sampled_from(tokens)] * 2 if tokens else []))
    edits = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), words), min_size=0, max_size=5)

    def edited(row: tuple[bytes, list[tuple[float, int, bytes]]]) -> bytes:
        data, changes = row
        for place, dropped, word in changes:
            at = int(place * len(data))
            data = data[:at] + word + data[at + dropped :]
        return data

    return st.tuples(st.sampled_from(seeds), edits).map(edited)
