"""The kinds of faults that the campaign injects, and which bound holds for each.

Role: one row a kind: what happens, how it is drawn and injected, and what the load may then see.

held    no ceiling is ever exceeded: the firmware, or the hardware beside it, can see to that
caught  a ceiling may be exceeded, for no longer than `reaction_s`; then it is off, with a reason
within  the stage itself is wrong: 15 % and 60 uA beyond a ceiling are within the tolerance of what
        is measured (limits.py) and may go on; more is caught

In every run: no current is beyond what the stage can make; nothing stored is lost; the output is
off when the lease of a silent host has ended; what ended it is latched. `reaction_s` are those of
docs/explain/safety.md: words 100 ms and a turn; extremes three periods; a phase each 30 ms, from
100 ms after a change; the watchdog 250 ms; then 60 ms in which the bleed takes the load's charge.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from scs_sim.bench import faults as simulated

from .bit_flips import flip_board, flip_in, flip_stored
from .fault_session import Played
from .therapies import Therapy

Random = np.random.Generator
BLEED_S = 0.06
MEASURED_S = 0.40 + BLEED_S  # phases of a burst take their turns, 30 ms each, after 100 ms
# what a discharge leaves is looked at before the first of a burst's five phases, each of which has
# its turn in 150 ms, from 100 ms after a change on, and once all have been gone through
RESIDUAL_S = 0.80 + BLEED_S
WORDS_S = 0.12 + BLEED_S
WATCHDOG_S = 0.26 + BLEED_S
MEMORY_S = WATCHDOG_S + 0.1
_STRIDE = 7_919  # a prime: few runs are spread over all places, and many come to each


class Drawn(NamedTuple):
    """One fault of a run: its kind, its instant in us (0: by count), and what was done."""

    kind: str
    at_us: int
    words: list[str]


class Arranged(NamedTuple):
    """One fault as it was drawn: its instant in us (0: by count), and how to put it on a bench.

    from_us: nothing goes otherwise than in the calm session before then, so that the bench of one
    that has come so far may be given the fault as well as one at power-on.
    """

    at_us: int
    from_us: int
    arrange: Callable[[Any], None]


class Spoil(NamedTuple):
    """Means of a kind to draw one fault."""

    random: Random
    therapy: Therapy
    calm: Played  # the same session without a fault
    number: int  # of this fault among those of its kind
    words: list[str]  # what was done, for --repeat

    def when_us(self) -> int:
        """Draw an instant: mostly while the output runs, else anywhere in the session."""
        calm = self.calm
        since_s = calm.start_s if self.random.random() < 0.85 else 0.0
        return int(1e6 * self.random.uniform(since_s, calm.silent_s))

    def later(self, action: Callable[[Any], None]) -> Arranged:
        """Let an action happen at a drawn instant."""
        at_us = self.when_us()
        return Arranged(at_us, at_us, lambda bench: bench.act(action, at_us))


Draw = Callable[[Spoil], Arranged]


class Kind(NamedTuple):
    """A kind: what happens, its bound, how long a ceiling may be exceeded, and what must end it."""

    about: str
    bound: str
    draw: Draw
    reaction_s: float = 0.0
    must_s: float | None = None  # while the output runs, it is off so long after the fault
    share: int = 4  # of the runs
    blinds: bool = False  # what is measured is no longer what is


def _named(name: str) -> Draw:
    return lambda spoil: spoil.later(simulated.TABLE[name][1])


# --- memory ------------------------------------------------------------------------------------
def _flips(*roots: str) -> Draw:
    def draw(spoil: Spoil) -> Arranged:
        return spoil.later(
            lambda bench: spoil.words.append(flip_in(bench.device, roots, spoil.random))
        )

    return draw


def _staged(spoil: Spoil) -> Arranged:
    """Flip a bit of what is staged so far, after a frame of the session."""
    number = int(spoil.random.integers(1, 6))

    def change(bench: Any, data: bytes) -> bytes:
        if data and bench.device.staged:
            spoil.words.append(flip_in(bench.device, ("staged",), spoil.random))
        return data

    return _at_frame(spoil, 0, number, change)


def _calibration(spoil: Spoil) -> Arranged:
    if spoil.random.random() < 0.25:
        return _flips("calibration")(spoil)
    return spoil.later(lambda bench: spoil.words.append(flip_board(bench.device, spoil.random)))


def _store(spoil: Spoil) -> Arranged:
    return spoil.later(
        lambda bench: spoil.words.append(flip_stored(bench.store.cells, spoil.random))
    )


# --- the link ----------------------------------------------------------------------------------
def _at_frame(
    spoil: Spoil, direction: int, number: int, change: Callable[[Any, bytes], bytes]
) -> Arranged:
    """Let what a frame is changed to pass in its place."""

    def arrange(bench: Any) -> None:
        bench.link.spoils.append(
            lambda way, at, data: change(bench, data) if (way, at) == (direction, number) else data
        )

    return Arranged(0, spoil.calm.frames[direction][number][0], arrange)


def _frames(change: Callable[[Spoil, Any, int, bytes], bytes]) -> Draw:
    def draw(spoil: Spoil) -> Arranged:
        way = int(spoil.random.integers(2))
        number = int(spoil.random.integers(len(spoil.calm.frames[way])))

        def changed(bench: Any, data: bytes) -> bytes:
            if not data:
                return data
            spoil.words.append(f"frame {number} {('to', 'from')[way]} the device, {data.hex()}")
            return change(spoil, bench, way, data)

        return _at_frame(spoil, way, number, changed)

    return draw


def _late(spoil: Spoil, bench: Any, way: int, data: bytes) -> bytes:
    delay_us = int(spoil.random.integers(1_000, 600_000))
    spoil.words.append(f"{delay_us} us late")
    bench.act(lambda _bench: bench.link.late(way, data), bench.now_us() + delay_us)
    return b""


def _torn(spoil: Spoil, _bench: Any, _way: int, data: bytes) -> bytes:
    at = int(spoil.random.integers(1, len(data)))
    return data[:at] if spoil.random.random() < 0.5 else data[at:]


def _flipped(spoil: Spoil, _bench: Any, _way: int, data: bytes) -> bytes:
    spoilt = bytearray(data)
    for _ in range(int(spoil.random.integers(1, 4))):
        spoilt[int(spoil.random.integers(len(data)))] ^= 1 << int(spoil.random.integers(8))
    return bytes(spoilt)


def _cut(spoil: Spoil) -> Arranged:
    """Cut the link after a byte; one run after the other goes through all that the host sends."""
    sent, came = (frames[-1][1] for frames in spoil.calm.frames)
    number = spoil.number * _STRIDE % (2 * sent)
    cut = (0, number // 2) if number % 2 == 0 else (1, number // 2 * came // sent)
    spoil.words.append(f"cut {('to', 'from')[cut[0]]} the device after {cut[1]} bytes")
    from_us = next(at_us for at_us, passed in spoil.calm.frames[cut[0]] if passed > cut[1])
    return Arranged(0, from_us, lambda bench: setattr(bench.link, "cut_at", cut))


# --- time --------------------------------------------------------------------------------------
def _late_turn(spoil: Spoil) -> Arranged:
    us = int(spoil.random.integers(1_000, 245_000))
    spoil.words.append(f"for {us} us")
    return spoil.later(lambda bench: bench.hold(us))


def _slow_loop(spoil: Spoil) -> Arranged:
    us = int(spoil.random.integers(1_000, 100_000))
    spoil.words.append(f"turns of {us} us")
    return spoil.later(lambda bench: bench.slow_down(us))


def _clock(spoil: Spoil) -> Arranged:
    permille = int(spoil.random.choice([900, 1_100]))
    spoil.words.append(f"{permille} permille")
    return spoil.later(lambda bench: bench.hal.set_clock(bench.hal.now_us(), permille))


def _wrap(spoil: Spoil) -> Arranged:
    at_us = spoil.when_us()
    spoil.words.append(f"goes round at {at_us} us")

    def arrange(bench: Any) -> None:
        bench.hal.set_clock((1 << 30) - at_us)
        bench.brown_out()

    return Arranged(0, 0, arrange)


# --- what is measured --------------------------------------------------------------------------
def _adc_stuck(spoil: Spoil) -> Arranged:
    codes = [int(code) for code in spoil.random.integers(0, 4096, 2)]
    channels = [(0,), (1,), (0, 1)][int(spoil.random.integers(3))]

    def act(bench: Any) -> None:
        bench.plant.run_to(bench.tick)
        for channel in channels:
            bench.plant.sense.stick(channel, float(codes[channel]))

    spoil.words.append(f"channels {channels} at {codes}")
    return spoil.later(act)


def _adc_drift(spoil: Spoil) -> Arranged:
    gains = spoil.random.uniform(0.5, 1.5, 2)
    codes = spoil.random.uniform(-100, 100, 2)
    spoil.words.append(f"gains {gains}, codes {codes}")
    steps = 50

    def act(bench: Any, left: int = steps) -> None:
        bench.plant.run_to(bench.tick)
        bench.plant.sense.misread(tuple(gains ** (1 / steps)), tuple(codes / steps))
        if left > 1:
            bench.act(lambda again: act(again, left - 1), bench.now_us() + 10_000)

    return spoil.later(act)


def _adc_noisy(spoil: Spoil) -> Arranged:
    codes = float(spoil.random.uniform(0.5, 60))
    spoil.words.append(f"{codes:.1f} codes")
    return spoil.later(lambda bench: bench.plant.sense.make_noisy(bench.random, codes))


# --- stage and load ----------------------------------------------------------------------------
def _dac_gain(spoil: Spoil) -> Arranged:
    gain = float(spoil.random.uniform(0.3, 3.0))
    spoil.words.append(f"gain {gain:.3f}")
    return spoil.later(lambda bench: setattr(bench.plant.stage, "gain", gain))


def _dac_offset(spoil: Spoil) -> Arranged:
    offset_a = float(spoil.random.uniform(-500e-6, 500e-6))
    spoil.words.append(f"offset {1e6 * offset_a:.0f} uA")

    def act(bench: Any) -> None:
        bench.plant.stage.offset_a += offset_a

    return spoil.later(act)


def _dac_drift(spoil: Spoil) -> Arranged:
    rate = float(spoil.random.uniform(-2.0, 2.0))  # of its gain in a second
    spoil.words.append(f"{rate:+.2f} of the gain a second")

    def act(bench: Any, left: int = 100) -> None:
        bench.plant.stage.gain = max(0.0, bench.plant.stage.gain + 0.01 * rate)
        if left:
            bench.act(lambda again: act(again, left - 1), bench.now_us() + 10_000)

    return spoil.later(act)


# --- power -------------------------------------------------------------------------------------
def _at_write(spoil: Spoil) -> Arranged:
    """Let the power fail within a write of the store, after each byte in turn."""
    writes = spoil.calm.writes
    places = [(write, byte) for write, row in enumerate(writes) for byte in range(row[1] + 1)]
    cut = places[spoil.number * _STRIDE % len(places)]
    spoil.words.append(f"write and bytes {cut}")
    return Arranged(0, writes[cut[0]][0], lambda bench: setattr(bench.store, "cut", cut))


KINDS: dict[str, Kind] = {
    "staged_bit": Kind("a bit of the staged program flips", "held", _staged),
    "program_bit": Kind(
        "a bit of the loaded program flips", "held", _flips("output.group"), share=8
    ),
    "word_bit": Kind(
        "a bit of the words being played flips", "caught", _named("corrupt_word"), WORDS_S, share=8
    ),
    "ledger_bit": Kind("a bit of the ledger flips", "held", _flips("ledger", "output.ledger")),
    "calibration_bit": Kind(
        "a bit of the calibration or of the board's figures in use flips",
        "caught",
        _calibration,
        MEASURED_S,
    ),
    "state_bit": Kind(
        "a bit of the device's state flips: its own, the output's, the train's, the monitors'",
        "caught",
        _flips(""),
        MEMORY_S,
        share=12,
    ),
    "store_bit": Kind("a bit of the flash flips", "held", _store),
    "frame_dropped": Kind("a frame is lost", "held", _frames(lambda _s, _bench, _way, _data: b"")),
    "frame_doubled": Kind(
        "a frame comes twice", "held", _frames(lambda _s, _bench, _way, data: 2 * data)
    ),
    "frame_late": Kind("a frame comes up to 0.6 s late", "held", _frames(_late)),
    "frame_torn": Kind("a part of a frame is lost", "held", _frames(_torn)),
    "frame_flipped": Kind("up to three bits of a frame flip", "held", _frames(_flipped)),
    "link_noise": Kind("noise on the link", "held", _named("link_noise")),
    "link_cut": Kind("the link is cut, at every byte of a session", "held", _cut, share=24),
    "late_turn": Kind("a turn of the loop comes up to 245 ms late", "held", _late_turn),
    "slow_loop": Kind("each turn of the loop takes up to 100 ms", "held", _slow_loop),
    "hung_loop": Kind("the loop hangs", "held", _named("hung_loop"), must_s=WATCHDOG_S),
    "clock_off": Kind("the processor's clock is 10 % off", "held", _clock),
    "clock_wrap": Kind("the processor's clock goes round within the session", "held", _wrap),
    "adc_stuck": Kind("the ADC is stuck", "held", _adc_stuck, must_s=MEASURED_S, blinds=True),
    "adc_drift": Kind("the ADC drifts within 0.5 s", "held", _adc_drift, blinds=True),
    "adc_noisy": Kind("the ADC is noisy", "held", _adc_noisy, blinds=True),
    "dac_stuck": Kind("the DAC is stuck", "within", _named("stuck_dac"), MEASURED_S),
    "dac_gain": Kind(
        "the DAC's gain is 0.3 to 3 times what it was", "within", _dac_gain, MEASURED_S
    ),
    "dac_offset": Kind("the DAC has an offset of up to 0.5 mA", "within", _dac_offset, MEASURED_S),
    "dac_drift": Kind(
        "the DAC's gain drifts by up to twice a second", "within", _dac_drift, MEASURED_S
    ),
    "open": Kind("the lead breaks", "held", _named("open_lead"), must_s=MEASURED_S, share=6),
    "short": Kind(
        "the lead is shorted", "within", _named("short"), MEASURED_S, MEASURED_S, share=6
    ),
    "loose": Kind("the lead breaks and heals", "within", _named("loose_lead"), MEASURED_S),
    "wrong_load": Kind(
        "the load's resistance becomes 20 times as large", "caught", _named("high_load"), MEASURED_S
    ),
    "no_discharge": Kind(
        "the discharge switch stays open", "within", _named("no_discharge"), RESIDUAL_S
    ),
    "stuck_discharge": Kind(
        "the discharge switch stays closed",
        "within",
        _named("stuck_discharge"),
        MEASURED_S,
        MEASURED_S,
    ),
    "shorted_discharge": Kind(
        "the discharge resistor is shorted",
        "within",
        _named("shorted_discharge_resistor"),
        MEASURED_S,
    ),
    "starved": Kind(
        "the sequencer's FIFO is starved", "held", _named("starved_fifo"), must_s=0.1 + BLEED_S
    ),
    "brown_out": Kind(
        "the power fails for an instant", "held", _named("brown_out"), must_s=BLEED_S
    ),
    "write_cut": Kind(
        "the power fails in a write of the store, at every byte", "held", _at_write, share=8
    ),
}
