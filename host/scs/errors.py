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
    """Error for users, with one clear message."""

    exit_code = REFUSED


def full_message(reason: Exception) -> str:
    """Return the message, followed by the exception's notes on the device's state."""
    return "\n".join([str(reason), *getattr(reason, "__notes__", [])])


class WrongUsage(Failure):
    """Invalid option or argument."""

    exit_code = USAGE


class LinkLost(Failure):
    """Error of the link: the device does not answer, or the port cannot be opened or broke."""

    exit_code = NO_DEVICE


class DeviceRefused(Failure):
    """Refusal by the device: `command` by its name, `rows` with every reason.

    `message` has one sentence per row, in human units and with names where known.
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
    """Host and device were built from different tables; the device must be reflashed."""

    def __init__(self, message: str):
        super().__init__(
            "hello", (), f"{message}; reflash the device, or use the host it came with"
        )


class DeviceFault(Failure):
    """Fault latched by the device; `fault` is its row."""

    def __init__(self, fault: Row, message: str):
        super().__init__(message)
        self.fault = fault
