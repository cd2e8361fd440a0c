"""Stimulator: a Session plus the procedures that take many commands.

Role: the library's main class. Invariant: commands are sent only by the caller's own calls.
Requirements: REQ-43.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..documents.html_table import table
from ..errors import Failure
from ..traces import commanded, trace
from ..traces.commanded import Command
from ..traces.schedule import schedule
from ..traces.trace import Trace
from .session import Session

if TYPE_CHECKING:
    from ..profile.profile import Profile
    from .adc_scope import Sensed
    from .relocate import Steered


class Stimulator(Session):
    """Device on one port: "sim", "/dev/ttyACM0", "COM3", "socket://host:port".

    board: the required row of boards.yaml ("BOARD/STAGE/LOAD"); None accepts the one the device
    reports, for `sim` the default row. faults: of a simulated board, such as
    "open_lead@2". Leaving the context halts an output that was armed or started through it, not
    another one's; with halt_on_exit False it goes on, to the end of its lease if it has one.
    role: of a paired board "observer", "operator" or "programmer"; by default the highest that the
    key kept on this computer gives. What needs a key is signed by itself.
    Methods raise LinkLost, DeviceRefused, Mismatch or DeviceFault (all Failures).

    Example::

        >>> from scs import Profile, Stimulator
        >>> with Stimulator("sim") as stim:
        ...     figures = stim.load(Profile.read("profiles/tonic_50hz.yaml"))
        ...     load = stim.arm()  # measures the dummy load, and refuses another one
        ...     stim.start()
        ...     last = stim.wait(2.0)  # seconds of the device's time
        ...     stim.stop()
        ...     stopped = stim.ledger().stopped
        >>> last.state, last.levels[0].level_ma, stopped
        ('RUNNING', 2.0, 'stop')
    """

    def _repr_html_(self) -> str:
        """Return port, board, profile and the last status as a table, for a notebook.

        Nothing is sent: a notebook that shows the object must not renew the lease.
        """
        is_open = self._link is not None
        rows = [("port", f"{self.port}, {'open' if is_open else 'closed'}")]
        if self._board is not None:
            rows.append(("board", f"{self._board.name}, firmware {self.version}"))
        if self.profile is not None:
            rows.append(("profile", f"{self.profile.name}, {self.profile.file}"))
        if self._seen is None or self._link is None:
            state = "not asked yet: status() does" if is_open else "unknown: the port is closed"
            return table(("what", "as last heard"), [*rows, ("state", state)])
        status, asked = self._seen
        later = self._link.requests - asked
        rows.append(("state", status.state + (f", {later} requests ago" if later else "")))
        for number, level in enumerate(status.levels):
            name = self.program_names[number] if self.profile else str(number + 1)
            rows.append((f"amplitude, {name}", f"{level.level_ma:g} of {level.target_ma:g} mA"))
        rows.append(("fault", "none" if status.fault is None else self.told(status.fault)))
        return table(("what", "as last heard"), rows)

    def steer(self, moved: Profile, running: Profile | None = None) -> Steered:
        """Ramp down, and start again from zero at other contacts with the same amplitudes.

        moved: the running profile after scs.profile.shift_contacts.moved(); running: that profile,
        if it was not loaded through this object. Everything is checked before the output is
        touched: ProfileError, or Failure if the device does not run `running`, leaves it running.
        After that, a DeviceRefused (such as for the load at the new contacts) or a DeviceFault
        leaves the output off. The `__notes__` of the exception give the device's state.
        """
        from .relocate import make, ready

        before = running or self.profile
        if before is None:
            raise Failure("the running profile is not known: pass it as `running`")
        return make(self, moved, ready(self, before, moved))

    def scope(self, periods: int = 2, *, settled: bool = True) -> Trace:
        """Return the trace at the load over whole periods.

        Starts with a period, at time 0. Exact on a simulated bench; on any other port it is
        sampled by the device's own ADC, as in sensed(). `settled` first waits until every
        program has reached its amplitude. Raises Failure if nothing runs.
        """
        bench = self.link.bench
        if bench is None:
            capture = self.sensed(periods, settled=settled)
            return self._scheduled(capture.trace, capture.command)
        if settled:
            self.settle()
        begin_s, period_s = trace.next_period(bench)
        end_s = begin_s + periods * period_s
        self.wait(end_s + trace.EDGE_S - bench.now_s())
        seen, playing = trace.span(bench, begin_s, end_s), commanded.playing(bench)
        if playing is None:
            return seen
        phases = commanded.phases(bench.board, playing.words)
        return self._scheduled(seen, Command(0.0, *phases, periods))

    def _scheduled(self, seen: Trace, command: Command | None) -> Trace:
        """Return a trace with its schedule, if the profile was loaded through this connection."""
        profile = self.profile
        if profile is None or command is None:
            return seen
        of_profile = schedule(self.board, profile.group, profile.program_names, command)
        return replace(seen, schedule=of_profile)

    def sensed(self, periods: int = 1, *, settled: bool = True) -> Sensed:
        """Capture whole periods with the device's own ADC, beside the commanded current.

        Current and voltage are sampled every 8 us. Raises Failure if nothing runs.
        """
        from .adc_scope import look

        if settled:
            self.settle()
        return look(self.link, self.board, periods)
