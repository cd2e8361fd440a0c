"""Every state, command and fault, explored over the real Device on the simulated board.

Role: `python -m safety_case.states` begins at power-on and does everything that a host, time or a
fault can do, in each situation it comes to, until no new one is left (breadth first). A situation
is what decides how the device goes on: its state, fault, program, load, phase of the output, store
and the condition of the bench. check() holds after each step, or the exit code is 1.
Invariant: nothing here says where a command leads: that is in stimcore/states.py, and check()
restates the requirements.
"""

import argparse
import binascii
import os
import pickle
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple

from rich.progress import Progress
from tests.system.groups import group
from tests.system.support import Talk

from scs.messages import error_texts
from scs_sim.bench import faults
from stimcore import commands, limits, program, states, store
from stimcore.device import Device

from . import results

BLOB = program.pack(group({"ramp_down_ms": 2_000}))
DIGEST = program.digest(BLOB)
# what is not determined by the situation, or not survived: noise is random, a cut link is a host
# that is silent for good, and a loose lead is open_lead and healed in turn
UNEXPLORED = {"link_noise", "noisy_adc", "link_cut", "loose_lead"}
INSTANT = {"starved_fifo", "corrupt_word", "hung_loop", "healed", "late_turn", "brown_out"}
TORN = "torn_write"  # of the very next write: a power cut while it saves, or calibrates
LASTING = sorted(set(faults.TABLE) - UNEXPLORED - INSTANT - {TORN})
OUTPUT = ("RUNNING", "STOPPING", "MEASURING")
SOON_US = 60_000
HANGS_US = 400_000  # past the watchdog's time
LATER_US = 5_000_000  # past a lease, a ramp down and a measurement
MUCH_LATER_US = 61_000_000  # past the time for which a measurement counts
FIELDS = {
    "hello": (commands.PROTOCOL,),
    "stage_begin": (len(BLOB), 0),
    "stage_data": (0, BLOB[: commands.PIECE_BYTES]),
    "arm": (DIGEST,),
    "amplitude": (0, 1_000),
    "scope_arm": (0,),
    "scope_read": (0,),
    "words": (0,),
    "log": (0, 0),
    "measure": (0, 0),
    "calibrate": (0, 0, 0, 0),
    "pair": (bytes(32),),
    "open": (commands.PROGRAMMER, bytes(commands.NONCE)),
    "signed": (1, commands.START, bytes(16)),
    **dict.fromkeys(("save", "recall", "erase"), (0,)),
}

# events that come of commands alone, of a paired board's of signed ones; others may come meanwhile
BY_COMMAND = ("commit", "unload", "arm", "start", "measure", "clear")
TORN_WRITES = ("save while the power fails", "calibrate while the power fails")
OTHERS = ("load", "arm another", "amplitude too high", "a repeated start", "an unknown command")

Situation = tuple[Any, ...]


class Step(NamedTuple):
    """Outcome of an action: the situation, the whole bench where it was new, and what is wrong."""

    action: str
    situation: Situation
    bench: bytes
    wrong: list[str]


class Move(NamedTuple):
    """A move of the device's state, and whether its load was then known to be the declared one."""

    before: int
    event: str
    after: int
    load_is_fresh: bool


MOVES: list[Move] = []


def watched(device: Device, event: str, plain: Callable[[Device, str], None] = Device.move) -> None:
    """Move a device's state, and note it."""
    before, load = device.state, device.load
    fresh = load is not None and device.now_ms - load.at_ms <= limits.MEASURE_AGE_MS
    plain(device, event)
    MOVES.append(Move(before, event, device.state, fresh))


# --- actions -----------------------------------------------------------------------------------
def actions(situation: Situation, conditions: bool) -> Iterator[str]:
    """Yield what may happen: commands, time, and faults, of the lasting ones one at a time."""
    for row in commands.TABLE:
        yield row[1]
    yield from (*OTHERS, *TORN_WRITES)
    yield from ("soon", "later", "much later")
    yield from sorted(INSTANT)
    if conditions and situation[-1] == "healthy":
        yield from LASTING


def act(talk: Talk, action: str) -> bool:
    """Do it; return True if the device refused it."""
    us = {"soon": SOON_US, "later": LATER_US, "much later": MUCH_LATER_US}.get(action)
    if us is not None:
        talk.pass_us(us)
        return False
    if action in faults.TABLE:
        talk.inject(action)
        talk.pass_us(HANGS_US if action == "hung_loop" else SOON_US)
        return False
    if action in TORN_WRITES:
        talk.inject(TORN)
        try:
            return act(talk, action.split()[0])
        finally:
            talk.board.store.cut_after = None  # where nothing was written
    if action == "load":
        begun = talk.send(commands.STAGE_BEGIN, len(BLOB), binascii.crc32(BLOB))
        return bool(begun.status or talk.stage(BLOB).status)
    if action == "arm another":
        return bool(talk.send(commands.ARM, DIGEST ^ 1).status)
    if action == "amplitude too high":
        return bool(talk.send(commands.AMPLITUDE, 0, limits.AMPLITUDE_UA).status)
    if action in ("a repeated start", "an unknown command"):
        data = talk.framed(commands.START if action == "a repeated start" else 0x7F)
        talk.ask(data)
        return bool(talk.ask(data)[-1][2][0])
    row = next(row for row in commands.TABLE if row[1] == action)
    return bool(talk.send(row[0], *FIELDS.get(action, ())).status)


def situation_of(talk: Talk, condition: str) -> Situation:
    """Return what decides how the device goes on."""
    device, load = talk.device, talk.device.load
    is_old = load is not None and device.now_ms - load.at_ms > limits.MEASURE_AGE_MS
    blob, damaged = store.read(device.hal, 0)
    return (
        states.NAMES[device.state],
        error_texts.ERRORS[device.fault[0]].name,
        device.output is not None,
        load is not None and (is_old, [row[1] for row in load.rows].count(0)),
        device.output.train.phase if device.output else None,
        device.calibration[0],
        device.access.kept,
        (bool(blob), bool(damaged)),
        device.leaving,
        condition,
    )


def step(bench: bytes, before: Situation, action: str, known: frozenset[str] = frozenset()) -> Step:
    """Do one thing on a copy of a bench, and check what must hold; known: kept situations."""
    talk: Talk = pickle.loads(bench)
    MOVES.clear()
    fault, resets = talk.device.fault, talk.board.resets
    wrong = []
    is_refused = False
    try:
        is_refused = act(talk, action)
    except AssertionError as reason:  # no answer: as it must be where the power failed
        if talk.board.resets == resets:
            wrong.append(str(reason))
    if talk.board.resets != resets:
        talk.hello()
    elif before[0] == "FAULT" and talk.device.fault != fault and not _cleared():
        wrong.append(f"the first reason of a fault was replaced by {talk.device.fault}")
    condition = action if action in LASTING else before[-1]
    after = situation_of(talk, "healthy" if action == "healed" else condition)
    wrong += check(talk, after, action, is_refused)
    is_kept = repr(after) in known  # with a bench of its own, as good as this one
    return Step(action, after, b"" if is_kept else pickle.dumps(talk, 5), wrong)


def _cleared() -> bool:
    return any(move.event == "clear" for move in MOVES)


def expand(node: tuple[Situation, bytes], known: frozenset[str], conditions: bool) -> list[Step]:
    """Do everything that may happen in a situation; known: situations that are kept."""
    Device.move = watched  # type: ignore[method-assign, assignment]
    before, bench = node
    return [step(bench, before, action, known) for action in actions(before, conditions)]


def check(talk: Talk, after: Situation, action: str, is_refused: bool) -> Iterator[str]:
    """Yield what does not hold; the requirements, restated."""
    if talk.gate and after[0] not in OUTPUT:
        yield f"the gate is closed in {after[0]}"
    yield from _of_moves(talk)
    if action == "halt" and after[0] in ("ARMED", *OUTPUT):
        yield f"HALT left {after[0]}"
    if action in ("later", "much later") and after[0] in ("RUNNING", "MEASURING"):
        yield f"{after[0]} without a host for {LATER_US} us"
    obeyed = any(move.event in BY_COMMAND for move in MOVES)
    if obeyed and talk.device.access.kept:
        yield f"a paired board did {action}, which nobody had signed"
    if obeyed and is_refused:
        yield f"{action} was refused and moved the state"


def _of_moves(talk: Talk) -> Iterator[str]:
    """Yield what does not hold of the moves of the state."""
    for move in MOVES:
        was, now = states.NAMES[move.before], states.NAMES[move.after]
        if now == "RUNNING" and was != now and (was != "ARMED" or not move.load_is_fresh):
            yield f"RUNNING from {was}, load known: {move.load_is_fresh}"
        if now == "ARMED" and was != now and (was != "LOADED" or not move.load_is_fresh):
            yield f"ARMED from {was}, load known: {move.load_is_fresh}"
        if was == "FAULT" != now and (move.event, now) != ("clear", "OFF"):
            yield f"FAULT was left by {move.event} for {now}"
        if now == "FAULT" and talk.device.fault[0] == 0:
            yield "FAULT without a reason"


# --- exploration -------------------------------------------------------------------------------
class Explored(NamedTuple):
    """The way to each situation, how often each state led to another, and what went wrong."""

    ways: dict[str, tuple[str, ...]]
    moves: Counter[tuple[str, str, str]]
    wrong: list[str]


def explore(
    most: int = 0, *, conditions: bool = True, shows: bool = False, jobs: int = 1
) -> Explored:
    """Explore breadth first from power-on; at most so many situations if `most` is not 0."""
    talk = Talk()
    talk.hello()
    first = situation_of(talk, "healthy")
    explored = Explored({repr(first): ()}, Counter(), [])
    level = [(first, pickle.dumps(talk, 5))]
    with Progress(disable=not shows) as progress, ProcessPoolExecutor(jobs) as pool:
        task = progress.add_task("situations", total=1)
        while level and (not most or len(explored.ways) < most):
            known = frozenset(explored.ways)
            every = pool.map(partial(expand, known=known, conditions=conditions), level)
            level = [
                entry
                for (before, _bench), steps in zip(
                    level, progress.track(every, task_id=task), strict=True
                )
                for entry in _news(explored, before, steps)
            ]
            progress.update(task, total=len(explored.ways))
    return explored


def _news(
    explored: Explored, before: Situation, steps: list[Step]
) -> Iterator[tuple[Situation, bytes]]:
    """Note steps; yield the situations that were not known."""
    for taken in steps:
        way = (*explored.ways[repr(before)], taken.action)
        explored.moves[before[0], taken.action, taken.situation[0]] += 1
        explored.wrong.extend(f"{' / '.join(way)}: {text}" for text in taken.wrong)
        if repr(taken.situation) not in explored.ways:
            explored.ways[repr(taken.situation)] = way
            if not taken.situation[-2]:  # leaving: the device is about to restart to its prompt
                yield taken.situation, taken.bench


def unreached(explored: Explored) -> list[str]:
    """Return what the exploration should have come to and did not."""
    ends = {(before, after) for before, _action, after in explored.moves}
    lines = [
        f"FAULT was never reached from {name}"
        for name in states.NAMES
        if (name, "FAULT") not in ends
    ]
    seen = {before for before, _action, _after in explored.moves}
    return lines + [f"{name} was never reached" for name in states.NAMES if name not in seen]


def main() -> int:
    """Explore, and write build/safety/states.json."""
    parser = argparse.ArgumentParser(prog="python -m safety_case.states", description=__doc__)
    parser.add_argument("--healthy", action="store_true", help="without the lasting faults")
    parser.add_argument("--most", type=int, default=0, help="situations; 0: until none is new")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()
    explored = explore(options.most, conditions=not options.healthy, shows=True, jobs=options.jobs)
    figures = {"situations": len(explored.ways), "steps": explored.moves.total()}
    wrong = explored.wrong + unreached(explored)
    command = " ".join(["python -m safety_case.states", *sys.argv[1:]])
    return results.write(results.Result("states", command, figures, wrong))


if __name__ == "__main__":
    sys.exit(main())
