"""Amplitude over time: soft start, ramps, cycling, live changes.

Role: says which amplitudes (uA, one per program) should flow next, and when the train rests.
Invariant: no amplitude rises by more than limits.STEP_UP_UA in one step nor more often than
every limits.STEP_MS; time is an argument. Requirements: REQ-18, REQ-33. Next: output.py.
"""

from . import limits
from .program import Group

UP = 0  # towards the targets, then there
DOWN = 1  # towards nothing
REST = 2  # the off time of a cycle: no output
DONE = 3


class Train:
    """Levels and targets of one group."""

    def __init__(self, group: Group):
        self.header = group.header
        self.targets_ua = [one.amplitude_ua for one in group.programs]
        self.levels_ua = [0] * len(self.targets_ua)
        self.phase = DONE
        first = group.programs[0]
        period_ms = 1_000_000 * first.count // first.rate_mhz
        # what one step makes up for at most: a level is swapped where a period begins
        self._longest_ms = limits.STEP_MS + max(limits.STEP_MS, period_ms)
        self._cycle_on_ms = 0  # 0: goes on until it is ended
        self._stepped_ms = 0
        self._turned_ms = 0  # when the present on or off time began

    def begin(self, now_ms: int) -> tuple:
        """Start from nothing; the first levels."""
        self.phase = UP
        self._cycle_on_ms = self.header.cycle_on_ms
        self._turned_ms = now_ms
        self._stepped_ms = now_ms
        self.levels_ua = [0] * len(self.targets_ua)
        self.levels_ua = self._risen(limits.STEP_MS)
        return tuple(self.levels_ua)

    def preview(self) -> tuple:
        """The levels that begin() will start with."""
        return tuple(self._risen(limits.STEP_MS, [0] * len(self.targets_ua)))

    def end(self) -> None:
        """Ramp down and do not come back."""
        if self.phase == REST:
            self.phase = DONE
        elif self.phase == UP:
            self.phase = DOWN
        self._cycle_on_ms = 0

    def halt(self) -> None:
        self.phase = DONE
        self.levels_ua = [0] * len(self.targets_ua)

    def step(self, now_ms: int) -> tuple:
        """New levels where a step is due and changes something, else ().

        All zero means: end on a whole period now.
        """
        self._turn(now_ms)
        elapsed = now_ms - self._stepped_ms
        at_once = self.phase == DOWN and not self.header.ramp_down_ms
        if self.phase in (REST, DONE) or (elapsed < limits.STEP_MS and not at_once):
            return ()
        elapsed = min(elapsed, self._longest_ms)
        new = self._risen(elapsed) if self.phase == UP else self._fallen(elapsed)
        if new == self.levels_ua:
            return ()  # a new target is followed at once: the last step was long ago
        self._stepped_ms = now_ms
        self.levels_ua = new
        return tuple(new)

    def rested(self, now_ms: int) -> bool:
        """Whether the off time is over."""
        return self.phase == REST and now_ms - self._turned_ms >= self.header.cycle_off_ms

    def ended(self) -> None:
        """The last period is out: rest where the cycle goes on, else done."""
        self.phase = REST if self._cycle_on_ms else DONE

    def ramp_ms(self, program: int) -> int:
        """How long the way to a program's target will take from here."""
        missing = self.targets_ua[program] - self.levels_ua[program]
        if missing <= 0:
            return limits.STEP_MS
        rise = self._rise_ua(program, limits.STEP_MS)
        return (missing + rise - 1) // rise * limits.STEP_MS

    def _turn(self, now_ms: int) -> None:
        """The end of the on time; the off time is counted from here."""
        on_ms = self._cycle_on_ms
        if self.phase == UP and on_ms and now_ms - self._turned_ms >= on_ms:
            self.phase = DOWN
            self._turned_ms = now_ms

    def _rise_ua(self, program: int, elapsed_ms: int) -> int:
        ramp_ms = self.header.ramp_up_ms
        rise = limits.STEP_UP_UA
        if ramp_ms:
            rise = min(rise, self.targets_ua[program] * elapsed_ms // ramp_ms)
        return max(rise, 1)

    def _risen(self, elapsed_ms: int, levels: list | None = None) -> list:
        old = self.levels_ua if levels is None else levels
        return [
            min(self.targets_ua[at], old[at] + self._rise_ua(at, elapsed_ms))
            for at in range(len(old))
        ]

    def _fallen(self, elapsed_ms: int) -> list:
        ramp_ms = self.header.ramp_down_ms
        if elapsed_ms >= ramp_ms:
            return [0] * len(self.levels_ua)
        return [
            max(0, self.levels_ua[at] - max(1, self.targets_ua[at] * elapsed_ms // ramp_ms))
            for at in range(len(self.levels_ua))
        ]
