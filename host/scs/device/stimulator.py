"""A device as a Python object: a Session, and the procedures that take many commands.

Role: the library's front door. Invariant: nothing is sent but from the caller's own calls.
Requirements: REQ-43.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Failure
from ..traces import trace
from ..traces.trace import Trace
from .session import Session

if TYPE_CHECKING:
    from ..profile.profile import Profile
    from .adc_scope import Sensed
    from .relocate import Steered


class Stimulator(Session):
    """One device on one port: "sim", "/dev/ttyACM0", "COM3", "socket://host:port".

    board: the row of boards.yaml that the device must be ("BOARD/STAGE/LOAD"); None takes the
    one it says it is, for `sim` the default row. faults: of a simulated board, such as
    "open_lead@2". halt_on_exit False leaves a stand-alone device running.
    Methods raise LinkLost, DeviceRefused, Mismatch or DeviceFault (all Failures).
    """

    def steer(self, moved: Profile, running: Profile | None = None) -> Steered:
        """Ramp down what runs, and start it from zero at other contacts, at the amplitude it had.

        moved: as scs.profile.shift_contacts.moved() makes it of the profile that runs; running:
        that one, where it was not loaded through this object. Everything is judged before the
        output is touched: ProfileError, or Failure where the device does not run `running`, leave
        it running. After that a DeviceRefused (such as of the load at the new contacts) or a
        DeviceFault leaves the output off. The `__notes__` of whatever is raised say which it is.
        """
        from .relocate import make, ready

        before = running or self.profile
        if before is None:
            raise Failure("which profile runs is not known here: give it as `running`")
        return make(self, moved, ready(self, before, moved))

    def scope(self, periods: int = 2, *, settled: bool = True) -> Trace:
        """What flows at the load over whole periods.

        Begins with a period, at time 0. A simulated bench shows it exactly; on any other port it
        is what the device's own ADC sees, as in sensed(). `settled` first waits until every
        program has reached its amplitude. Failure where nothing runs.
        """
        bench = self.link.bench
        if bench is None:
            return self.sensed(periods, settled=settled).trace
        if settled:
            self.settle()
        begin_s, period_s = trace.next_period(bench)
        end_s = begin_s + periods * period_s
        self.wait(end_s + trace.EDGE_S - bench.now_s())
        return trace.span(bench, begin_s, end_s)

    def sensed(self, periods: int = 1, *, settled: bool = True) -> Sensed:
        """What the device's own ADC sees of whole periods, and what was commanded meanwhile.

        A sample of each every 8 us, in steps of the ADC. Failure where nothing runs.
        """
        from .adc_scope import look

        if settled:
            self.settle()
        return look(self.link, self.board, periods)
