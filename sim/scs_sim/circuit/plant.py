"""Everything behind the pins: stage, load, ADC and oscilloscope as one.

Role: takes what the pins do, at its tick, and keeps the pieces that follow from it.
Invariant: ticks never go back; each piece goes to the trace and to the ADC exactly once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from stimcore.board import Board

from .adc import Adc, Sense, Window
from .capture import Capture
from .load import Demand, Load, Piece
from .model import Model
from .netlist import from_rows
from .stage import Stage
from .trace import Trace


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
        circuit = from_rows(electrical["stage"], electrical["load"])
        self.load = Load(circuit, board.clock_hz, self._begin)
        self._demand = self.stage.demand()
        self.load.apply(0, self._demand)
        self._modelled: tuple[object, ...] = ()
        self._of_train: Model

    def _begin(self, tick: float, piece: Piece) -> None:
        if self._piece is not None:
            self.adc.take(self._piece_tick, self._piece, tick)
        self._piece, self._piece_tick = piece, tick
        self.trace.begin(tick, piece)

    def latch(self, tick: int, frame: int) -> None:
        """Apply a frame's bits at the stage."""
        self.stage.latch(frame)
        self._settle(tick)

    def set_gate(self, tick: int, high: bool) -> None:
        """Set GATE as it is at the stage, whoever pulls it."""
        self.stage.set_gate(high)
        self._settle(tick)

    def laps(
        self, tick: int, latches: Sequence[tuple[int, int]], period_ticks: int, count: int
    ) -> int:
        """Take whole periods at once, each with these latches (tick from its start, frame).

        Return how many: 0 where the output does not repeat, or where the stage might clip.
        """
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
        self.load.condition_at(tick, condition)

    def run_to(self, tick: int) -> None:
        """Run everything up to `tick`; the trace reaches up to there."""
        self.load.advance(tick)
        self.trace.end_tick = max(self.trace.end_tick, tick)

    def start(self, tick: int) -> None:
        """Start the output and the ADC: no sample is kept, no capture wanted any more."""
        self._sample_to(tick)
        self.adc.forget()
        self.capture.disarm()

    def sample(self, tick: int) -> Window:
        """Return the ADC's window up to `tick`."""
        self._sample_to(tick)
        return self.adc.sample()

    def _sample_to(self, tick: int) -> None:
        self.run_to(tick)
        if self._piece is not None:
            self.adc.take(self._piece_tick, self._piece, tick)
