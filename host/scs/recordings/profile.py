"""Profile, as `from scs import Profile` gives it: a therapy that is changed in code and simulated.

Role: the checked therapy of scs.profile, with what stands above it. Invariant: it adds methods and
no data; what a method needs, the simulator above all, is imported when it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Self, Unpack

from ..documents.html_table import table
from ..profile import profile

if TYPE_CHECKING:
    from ..profile.in_code import ProfileFields, ProgramFields
    from .record import Recording


class Profile(profile.Profile):
    """Checked therapy.

    `group` holds the integers that the device gets (mHz, ns, uA, ms; contact i of `lead` is bit
    i of the masks); `program_names` and `settings` (measured thresholds) have one entry per
    program; `text` is the file's text.

    Example::

        >>> from scs import Profile
        >>> profile = Profile.read("profiles/tonic_50hz.yaml")
        >>> profile.name, profile.program_names, profile.group.programs[0].amplitude_ua
        ('Tonic 50 Hz, guarded cathode', ('low back',), 2000)
    """

    @classmethod
    def build(
        cls,
        name: str,
        lead: str,
        programs: Sequence[ProgramFields],
        **fields: Unpack[ProfileFields],
    ) -> Self:
        """Build a profile in code, of the fields of a file; quantities are texts with their unit.

        Raises ProfileError with every problem, as read().

        Example::

            >>> from scs import Profile
            >>> low_back = {"cathodes": ["E3"], "anodes": ["E4"], "rate": "50 Hz"}
            >>> low_back |= {"pulse_width": "200 us", "amplitude": "2 mA", "recharge": "active"}
            >>> Profile.build("mine", "octrode-3mm", [low_back], ramp={"up": "2 s"})
            <Profile 'mine' on octrode-3mm: program 1 50 Hz 200 us 2 mA>
        """
        from ..profile import in_code

        return in_code.build(cls, name, lead, programs, fields)

    def with_(self, program: str | int | None = None, /, **fields: Any) -> Self:
        """Return a profile with these fields changed; None removes one. Comments are kept.

        program: name, or number from 1, of the program that a field of programs is of; it may be
        left out where there is but one. Raises ProfileError.

        Example::

            >>> from scs import Profile
            >>> Profile.read("profiles/tonic_50hz.yaml").with_(amplitude="1.5 mA", lease="3 s")
            <Profile 'Tonic 50 Hz, guarded cathode' on octrode-3mm: low back 50 Hz 200 us 1.5 mA>
        """
        from ..profile import in_code

        return in_code.changed(self, program, fields)

    def trace(
        self,
        seconds: float,
        *,
        fidelity: str = "",
        board: str | None = None,
        rate_hz: float | None = None,
        from_start: bool = False,
        faults: str = "",
        pins: bool = False,
        progress: Callable[[float], None] = lambda _share: None,
    ) -> Recording:
        """Simulate so many seconds into a dummy load: current (A) and voltage (V) over time (s).

        They begin with a period at full amplitude, or at START if from_start or the session is
        counted in pulses. fidelity: "model" computes one period and repeats it, "board" runs the
        firmware throughout; "" takes the model where its rows are the same. board: BOARD/STAGE/LOAD
        of boards.yaml, None for the default; rate_hz: samples a second, None for a row at each
        change; faults: of the simulated board, such as "open_lead@2"; pins: their edges too;
        progress: called with the share done. Raises WrongUsage, Failure if the run ends before the
        beginning, DeviceFault for a latched fault, DeviceRefused.

        Example::

            >>> from scs import Profile
            >>> recording = Profile.read("profiles/tonic_50hz.yaml").trace(0.1)
            >>> recording.fidelity, round(recording.trace.measure().rate_hz, 3)
            ('model', 50.0)
            >>> round(recording.rows.end_s, 9)
            0.1
        """
        from .record import record

        return record(
            self,
            board,
            seconds,
            fidelity=fidelity,
            from_start=from_start or bool(self.group.header.session_pulses),
            rate_hz=rate_hz,
            faults=faults,
            pins=pins,
            progress=progress,
        )

    def _repr_html_(self) -> str:
        """Return the profile in clinical terms as a table, for a notebook."""
        from ..profile.clinical_diff import facts, of_program

        columns = [of_program(self, number) for number in range(len(self.program_names))]
        rows = [("of all", fact.name, fact.text) for fact in facts(self)]
        for name, column in zip(self.program_names, columns, strict=True):
            rows += [(name, fact.name, fact.text) for fact in column]
        return f"<p>{escape(self.name)}</p>" + table(("program", "quantity", "value"), rows)
