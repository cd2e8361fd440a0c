"""Exceptions of the host library, each with a message and an exit code.

Role: `scs` prints the message and ends with the code.
Invariant: a refused file is a problem.FileRefused, a wrong option is typer's own, every other
error for users is a Failure. Requirements: REQ-43, REQ-61.
"""

from __future__ import annotations

from stimcore import errors

GOOD = 0
REFUSED = 1
USAGE = 2
NO_DEVICE = 3
INTERRUPTED = 130  # Ctrl-C, as shells count it: 128 + SIGINT

OLD_NAMES_END_WITH = "0.2"  # the release that drops renamed commands and fields

Row = tuple[int, int, int, int]  # (code, index, value, limit) of stimcore.errors


class Failure(Exception):
    """Error for users, with one clear message: the base of all that a Stimulator raises.

    `exit_code` is that of the command `scs`; `__notes__` may tell the device's state.

    Example::

        >>> from scs import Failure, Stimulator
        >>> try:
        ...     Stimulator("sim").status()
        ... except Failure as reason:
        ...     print(reason)
        the device is not open: use `with Stimulator(…) as stim:`
    """

    exit_code = REFUSED


def full_message(reason: Exception) -> str:
    """Return the message, followed by the exception's notes on the device's state."""
    return "\n".join([str(reason), *getattr(reason, "__notes__", [])])


class WrongUsage(Failure):
    """Invalid option or argument; nothing was sent.

    Example::

        >>> from scs import Failure, Stimulator
        >>> try:
        ...     Stimulator("COM3", faults="open_lead").open()
        ... except Failure as reason:
        ...     print(reason)
        faults can be injected into the simulated board, not at COM3
    """

    exit_code = USAGE


class LinkLost(Failure):
    """Error of the link: the device does not answer, or the port cannot be opened or broke.

    The device then stops by itself when its lease has ended.

    Example::

        >>> from scs import LinkLost, Stimulator
        >>> try:
        ...     Stimulator("/dev/none").open()
        ... except LinkLost as reason:
        ...     print(str(reason).partition(";")[0])
        cannot open /dev/none: No such file or directory
    """

    exit_code = NO_DEVICE


class DeviceRefused(Failure):
    """Refusal by the device: `command` by its name, `rows` with every reason.

    A row is (code, index, value, limit) of stimcore.errors, in its units; `message` has one
    sentence per row, in human units and with names where known. The device is as it was before.

    Example::

        >>> from scs import DeviceRefused, Profile, Stimulator
        >>> with Stimulator("sim") as stim:
        ...     figures = stim.load(Profile.read("profiles/tonic_50hz.yaml"))
        ...     try:
        ...         stim.start()  # before it is armed
        ...     except DeviceRefused as refused:
        ...         refused.command, stim.status().state
        ('start', 'LOADED')
    """

    def __init__(self, command: str, rows: tuple[Row, ...], message: str):
        super().__init__(message)
        self.command = command
        self.rows = rows

    @property
    def of_program(self) -> bool:
        """True if the program was refused, not the state or format of the command."""
        return any(row[0] == errors.BLOB_FIELD or row[0] >= errors.AMPLITUDE for row in self.rows)


class Mismatch(DeviceRefused):
    """Host and device were built from different tables; the device must be reflashed.

    Example::

        >>> from scs import Mismatch
        >>> print(Mismatch("the device speaks protocol 3"))
        the device speaks protocol 3; reflash the device, or use the host it came with
    """

    def __init__(self, message: str):
        super().__init__(
            "hello", (), f"{message}; reflash the device, or use the host it came with"
        )


class DeviceFault(Failure):
    """Fault latched by the device, whose output is off; `fault` is its row, as of DeviceRefused.

    Stimulator.clear_fault() clears it; the profile must then be loaded again.

    Example::

        >>> from scs import DeviceFault, Profile, Stimulator
        >>> with Stimulator("sim", faults="open_lead@4") as stim:  # 4 s after power-on
        ...     figures = stim.load(Profile.read("profiles/tonic_50hz.yaml"))
        ...     load = stim.arm()
        ...     stim.start()
        ...     try:
        ...         last = stim.wait(10.0)
        ...     except DeviceFault as reason:
        ...         print(str(reason).partition(":")[0], stim.status().state)
        open_load FAULT
    """

    def __init__(self, fault: Row, message: str):
        super().__init__(message)
        self.fault = fault
