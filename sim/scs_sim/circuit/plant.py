"""Everything behind the pins: stage, load, ADC and oscilloscope as one.

Role: takes what the pins do, at its tick, and keeps the pieces that follow from it.
Invariant: ticks never go back; each piece goes to the trace and to the ADC exactly once.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stimcore.board import Board

from .adc import Adc, Sense, Window
from .capture import Capture
from .load import Demand, Load, Piece, Place
from .model import Model
from .netlist import from_rows
from .stage import Stage
from .trace import Trace

Latches = Sequence[tuple[int, int]]  # (tick from the start of a period, frame)


@dataclass
class _Period:
    """A period that was gone through: how it began, and where the load stood at each piece."""

    tick: int
    begins: Hashable
    start: Place  # keeps alive what `begins` knows by its identity
    latches: Latches
    places: list[Place] = field(default_factory=list)
    is_whole: bool = False


@dataclass
class _Replay:
    """Progress of a period that goes as the one before did."""

    shift: int  # in ticks, from that one
    place: int = 0  # the next
    latches: int = 0  # applied


class Plant:
    """Stage and load of one bench. `noise_seed` None: an ADC without noise."""

    def __init__(
        self,
        board: Board,
        electrical: Mapping[str, Any],
        noise_seed: int | None = None,
        trace_pieces: int = 1_000_000,
    ):
        self.stage = Stage(electrical["stage"])
        self.trace = Trace(board.clock_hz, trace_pieces)
        scales = (board.sense_na_per_lsb * 1e-9, board.sense_uv_per_lsb * 1e-6)
        self.sense = Sense(board.adc_zero, *scales)
        self.adc = Adc(board.clock_hz, self.sense, noise_seed)
        self.capture = Capture(board.clock_hz, self.sense, noise_seed)
        self._piece: Piece | None = None
        self._piece_tick = 0.0
        self._period: _Period | None = None
        self._replay: _Replay | None = None  # of that period
        circuit = from_rows(electrical["stage"], electrical["load"])
        self.load = Load(circuit, board.clock_hz, self._begin)
        self._demand = self.stage.demand()
        self.load.apply(0, self._demand)
        self._modelled: tuple[object, ...] = ()
        self._of_train: Model

    def _begin(self, tick: float, piece: Piece) -> None:
        if self._period is not None and not self._period.is_whole:
            self._period.places.append(self.load.place())
        if self._piece is not None:
            self.adc.take(self._piece_tick, self._piece, tick)
        self._piece, self._piece_tick = piece, tick
        self.trace.begin(tick, piece)

    def latch(self, tick: int, frame: int) -> None:
        """Apply a frame's bits at the stage."""
        if self._replay is not None and self._period is not None:
            if self._replay.latches < len(self._period.latches):
                self._replay.latches += 1
                return
            self._arrive(tick)
        self.stage.latch(frame)
        self._settle(tick)

    def set_gate(self, tick: int, high: bool) -> None:
        """Set GATE as it is at the stage, whoever pulls it."""
        self.land(tick)
        self.stage.set_gate(high)
        self._settle(tick)

    def repeat(self, tick: int, latches: Latches, period_ticks: int) -> None:
        """Begin a period with these latches, which come one by one.

        Where it begins as the one before did, it goes as that did: its pieces are taken as they
        fall due, and nothing is solved anew.
        """
        self._arrive(tick)
        place, stage, last = self.load.place(), self.stage, self._period
        bits = stage.code, stage.sent, stage.cathodes, stage.anodes
        since = tick - place.tick, place.entered_at
        begins = (period_ticks, tuple(latches), bits, since, id(place.begun))
        if last is not None and not last.is_whole:
            last.is_whole = last.tick + period_ticks == tick
        if last is not None and last.is_whole and last.begins == begins:
            self._replay = _Replay(tick - last.tick)
        else:
            self._period = _Period(tick, begins, place, latches)

    def land(self, tick: int) -> None:
        """Stand where the period has come to: what follows need not be as in the one before."""
        self._arrive(tick)
        self._period = None

    def _arrive(self, tick: int) -> None:
        replay, period = self._replay, self._period
        if replay is None or period is None:
            return
        self._follow(tick, replay, period)
        self._replay = None
        if replay.place:
            place = period.places[replay.place - 1]
            self.load.stand(place, place.tick + replay.shift)
        if replay.latches < len(period.latches):  # else the stage is as before the first of them
            for _at, frame in period.latches[: replay.latches]:
                self.stage.latch(frame)
            self._demand = self.stage.demand()

    def _follow(self, tick: int, replay: _Replay, period: _Period) -> None:
        """Take the pieces of the period before that are due again by `tick`."""
        for place in period.places[replay.place :]:
            if place.tick + replay.shift > tick:
                return
            self._begin(place.tick + replay.shift, place.begun.piece)
            replay.place += 1

    def laps(self, tick: int, latches: Latches, period_ticks: int, count: int) -> int:
        """Take whole periods at once, each with these latches (tick from its start, frame).

        Return how many: 0 where the output does not repeat, or where the stage might clip.
        """
        self.land(tick)
        steps, before = [], self._demand
        for at, frame in latches:
            self.stage.latch(frame)
            demand = self.stage.demand()
            if demand != before:
                steps.append((at, demand))
            before = demand
        if not steps or before != self._demand:
            return 0
        start, model = tick + steps[0][0], self._model(steps, period_ticks)
        self._sample_to(start)
        model.state, model.tick = self.load.state(start), start
        done, rows = model.laps(count)
        if done:
            self.trace.extend(rows[:-1])
            self.adc.take_rows(rows[:-1], rows[-1, 0])
            self.load.resume(rows[-1, 0], before, model.last)
        return done

    def _model(self, steps: list[tuple[int, Demand]], period_ticks: int) -> Model:
        """Return the model of a period that begins with the first of these changes of demand."""
        ends = [at for at, _demand in steps[1:]] + [period_ticks + steps[0][0]]
        train = [(demand, end - at) for (at, demand), end in zip(steps, ends, strict=True)]
        key = self.load.circuit, self.load.condition, train
        if key != self._modelled:
            self._modelled = key
            self._of_train = Model(self.load.circuit, self.trace.clock_hz, train, key[1])
        return self._of_train

    def _settle(self, tick: int) -> None:
        demand = self.stage.demand()
        if demand != self._demand:
            self._demand = demand
            self.load.apply(tick, demand)

    def set_condition(self, tick: int, condition: str) -> None:
        """Set the condition of the lead: broken, shorted or healthy."""
        self.land(tick)
        self.load.condition_at(tick, condition)

    def run_to(self, tick: int) -> None:
        """Run everything up to `tick`; the trace reaches up to there."""
        if self._replay is not None and self._period is not None:
            self._follow(tick, self._replay, self._period)
        else:
            self.load.advance(tick)
        self.trace.end_tick = max(self.trace.end_tick, tick)

    def start(self, tick: int) -> None:
        """Start the output and the ADC: no sample is kept, no capture wanted any more."""
        self.land(tick)
        self._sample_to(tick)
        self.adc.forget()
        self.capture.disarm()

    def reseed(self, seed: int) -> None:
        """Draw the ADC's noise, if it has any, from another seed."""
        self.adc.reseed(seed)
        self.capture.reseed(seed)

    def sample(self, tick: int) -> Window:
        """Return the ADC's window up to `tick`."""
        self._sample_to(tick)
        return self.adc.sample()

    def _sample_to(self, tick: int) -> None:
        self.run_to(tick)
        if self._piece is not None:
            self.adc.take(self._piece_tick, self._piece, tick)
