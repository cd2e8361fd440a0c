"""Amplitude over time: soft start, ramps, cycles and live changes, per period.

Role: says which amplitudes (uA, one per program) a period of a run is to have, how many periods the
run has, and when the next on time of a cycle begins. A run is what the stream plays between one
start and its end: a whole session, or one on time of a cycle.
Invariant: no amplitude rises by more than limits.STEP_UP_UA in one step nor more often than
every limits.STEP_MS; time is an argument. Requirements: REQ-18, REQ-33.
"""

from . import limits
from .program import Group, Header

_FAR = 256  # periods, and a time: the loop sleeps through no more
_LONG_MS = 1000

UP = 0  # towards the targets, then there; down again where the end of the run is known
DOWN = 1  # a stop was asked for: towards nothing
REST = 2  # the off time of a cycle: no output
DONE = 3


def least_ramp_up_ms(amplitude_ua: int, rate_millihz: int, count: int) -> int:
    """Return the shortest ramp up whose steps are all limits.STEP_UP_UA or less.

    rate_millihz, count: of any program of the group; a period is `count` of its pulses, or bursts.
    """
    step = _step_periods(rate_millihz, count)
    return -(-amplitude_ua * step * count * 1_000_000 // (rate_millihz * limits.STEP_UP_UA))


def _step_periods(rate_millihz: int, count: int) -> int:
    """Return the fewest whole periods from one step to the next."""
    return -(-limits.STEP_MS * rate_millihz // (1_000_000 * count))


class Train:
    """Levels and targets of one group. Periods are numbered from the start of the run."""

    def __init__(self, group: Group):
        self.header: Header = group.header
        self.targets_ua = [program.amplitude_ua for program in group.programs]
        self.levels_ua = [0] * len(self.targets_ua)  # of the stream staged last
        self.phase = DONE
        self.ends = 0  # the period before which the run is over; 0: only when it is stopped
        self.times_out = False  # the session's time ends within this run …
        self.turns = 0  # … and from this period on it goes down
        self._rate_millihz = group.programs[0].rate_millihz
        self._count = group.programs[0].count
        self._step = _step_periods(self._rate_millihz, self._count)
        self._on = self._periods(self.header.cycle_on_ms)
        self._cycles = False
        self._start_ms = 0
        self.next_on_ms = 0  # when the next on time begins
        self._base_ua = self.levels_ua  # where the way to the targets, or to nothing, began …
        self._origin = 0  # … and its first period
        self.next_period = 0  # the first one that may have other levels
        self._rise_from = 0  # the first period that may have higher ones
        self._changed = False  # a command wants other levels before that

    # --- runs --------------------------------------------------------------------------------
    def start(self, now_ms: int) -> None:
        """Start a session: its time and its on times count from here."""
        self._cycles = self._on > 0
        self._start_ms = self.next_on_ms = now_ms

    def preview(self) -> tuple:
        """Return the levels that the next run begins with."""
        levels = []
        for at in range(len(self.targets_ua)):
            level = min(self.targets_ua[at], limits.STEP_UP_UA)
            levels.append(min(level, self._risen_ua(at, self._step)))
        return tuple(levels)

    def begin(self) -> None:
        """Begin a run with the levels of preview()."""
        self.phase = UP
        self.ends = self._on if self._cycles else 0
        self.turns = 0
        if self.header.session_ms:
            left_ms = self.header.session_ms - (self.next_on_ms - self._start_ms)
            self.turns = max(1, self._periods(left_ms))
        self.times_out = self.turns > 0 and (self.turns <= self.ends or not self.ends)
        if not self.times_out:
            self.turns = 0
        elif not self.header.ramp_down_ms:
            self.ends = self.turns
        self.next_on_ms += self.header.cycle_on_ms + self.header.cycle_off_ms
        self.levels_ua = self._base_ua = [0] * len(self.targets_ua)
        self._origin = self.next_period = 0
        self._changed = False
        self.staged(0, self.preview())

    def lasts(self, left: int) -> int:
        """Return a run's periods when a counted session has `left` of them, or 0; 0: endless."""
        return min([periods for periods in (self.ends, left) if periods] or [0])

    def end(self) -> None:
        """Ramp down and do not come back."""
        if self.phase == REST:
            self.phase = DONE
        elif self.phase == UP:
            self.phase = DOWN
            self._changed = True
        self._cycles = False

    def halt(self) -> None:
        self.phase = DONE
        self.levels_ua = [0] * len(self.targets_ua)

    def ended(self) -> None:
        """End the run: off time if the cycle goes on, else done."""
        self.phase = REST if self._cycles and not self.times_out else DONE

    def rested(self, now_ms: int) -> bool:
        """Return True once the next on time is due."""
        return self.phase == REST and now_ms >= self.next_on_ms

    # --- levels ------------------------------------------------------------------------------
    def retarget(self) -> None:
        """Note a changed target: it is followed from the next period on."""
        self._changed = self._changed or self.phase == UP

    def follow(self, period: int, flowing_ua: tuple) -> None:
        """Begin what was asked for at the levels that flow; what is staged is given up."""
        if self._changed:
            self._changed = False
            self.levels_ua = self._base_ua = list(flowing_ua)
            self._origin = self.next_period = period

    @property
    def wants_change(self) -> bool:
        """Return True if a staged stream was made for other targets and is to be replaced."""
        return self._changed

    def step(self, period: int) -> tuple:
        """Return new levels for a period still to come, or () if they are those staged last.

        All zero while DOWN means: end on a whole period now.
        """
        if self.phase in (REST, DONE) or period < self.next_period:
            return ()
        if self.phase == UP and 0 < self.turns <= period:
            self.phase = DOWN
            self._base_ua, self._origin = list(self.levels_ua), self.turns
        self.next_period = self._boundary_after(period)
        levels = [self._level_ua(at, period) for at in range(len(self.targets_ua))]
        if period < self._rise_from:  # the last step is too near: only down
            levels = [min(levels[at], self.levels_ua[at]) for at in range(len(levels))]
        return () if levels == self.levels_ua else tuple(levels)

    def staged(self, period: int, levels: tuple) -> None:
        """Note that a stream with these levels begins with a period."""
        if not levels:
            return
        rises = max([levels[at] - self.levels_ua[at] for at in range(len(levels))]) > 0
        self.levels_ua = list(levels)
        self.next_period = self._boundary_after(period)
        if rises:
            self._rise_from = period + self._step
            self.next_period = max(self.next_period, self._rise_from)

    def settles_in_ms(self, program: int, flowing_ua: int) -> int:
        """Time from now, at most, until a program's new target is reached from a level."""
        missing = self.targets_ua[program] - flowing_ua
        steps = max(1, -(-missing // limits.STEP_UP_UA))
        while self._risen_ua(program, steps * self._step) < missing:
            steps += 1
        return self._ms((steps - 1) * self._step + 1)

    def _risen_ua(self, at: int, periods: int) -> int:
        """Return the level of a ramp up after so many periods; without a ramp, the target."""
        target, ramp_ms = self.targets_ua[at], self.header.ramp_up_ms
        return max(1, target * self._ms(periods) // ramp_ms) if ramp_ms else target

    def quiet_ms(self, period: int) -> int:
        """Return the least time from the period before this one until step() may have levels."""
        until = self.next_period
        if self.phase == UP and self.levels_ua == self.targets_ua:
            until = self.plateau_ends() if self.ends or self.turns else 0
            if not until:
                return _LONG_MS
        return max(self._ms(1) // 2, self._ms(min(_FAR, until - period) - 1))

    def plateau_ends(self) -> int:
        """Return the boundary up to which nothing changes at the targets; 0 if there is none."""
        falls = self.ends - self._periods(self.header.ramp_down_ms) - self._step
        falls -= falls % self._step
        return min([period for period in (falls, self.turns) if period > 0] or [0])

    def _boundary_after(self, period: int) -> int:
        boundary = period + self._step - (period - self._origin) % self._step
        return self.turns if period < self.turns < boundary else boundary

    def _level_ua(self, at: int, period: int) -> int:
        target, base = self.targets_ua[at], self._base_ua[at]
        down_ms = self.header.ramp_down_ms
        if self.phase == DOWN:
            if not down_ms:
                return 0
            fallen_ms = self._ms(period - self._origin + 1)
            fallen_ua = max(1, max(target, base) * fallen_ms // down_ms)
            return max(0, min(base - fallen_ua, self.levels_ua[at]))
        level = min(target, self.levels_ua[at] + limits.STEP_UP_UA)
        if target > base:
            level = min(level, base + self._risen_ua(at, period - self._origin + self._step))
        if self.ends and down_ms:
            left_ms = self._ms(self.ends - period)
            level = min(level, max(1, target * left_ms // down_ms))
        return level

    def _ms(self, periods: int) -> int:
        return periods * self._count * 1_000_000 // self._rate_millihz

    def _periods(self, ms: int) -> int:
        return ms * self._rate_millihz // (1_000_000 * self._count)
