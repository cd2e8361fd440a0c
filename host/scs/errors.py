"""What can go wrong between a person and the device: each a sentence, each with its exit code.

Role: the exceptions of the host library; `scs` prints the sentence and ends with the code.
Invariant: a refused file is a complaint.FileRefused, a wrong option is typer's own, everything
else that a user can meet is a Failure. Requirements: REQ-43, REQ-61.
"""

from __future__ import annotations

from stimcore import errors

GOOD = 0
REFUSED = 1
USAGE = 2
NO_DEVICE = 3
INTERRUPTED = 130  # Ctrl-C, as shells count it: 128 + SIGINT

Row = tuple[int, int, int, int]  # (code, index, value, limit) of stimcore.errors


class Failure(Exception):
    """An error for people: one clear message."""

    exit_code = REFUSED


def said(reason: Exception) -> str:
    """What it says, and below that what was added to it on its way: what stands on the device."""
    return "\n".join([str(reason), *getattr(reason, "__notes__", [])])


class WrongUsage(Failure):
    """An option or an argument that cannot be meant so."""

    exit_code = USAGE


class LinkLost(Failure):
    """The device does not answer, or no longer; the port cannot be opened, or broke."""

    exit_code = NO_DEVICE


class DeviceRefused(Failure):
    """The device said no: `command` by its name, `rows` with every reason it gave.

    `message` is one sentence a row, in human units and with names where they are known.
    """

    def __init__(self, command: str, rows: tuple[Row, ...], message: str):
        super().__init__(message)
        self.command = command
        self.rows = rows

    @property
    def of_program(self) -> bool:
        """Whether it was the program that was refused, not the moment or the form."""
        return any(row[0] == errors.BLOB_FIELD or row[0] >= errors.AMPLITUDE for row in self.rows)


class Mismatch(DeviceRefused):
    """Host and device were built from different tables; the device must be flashed again."""

    def __init__(self, message: str):
        super().__init__(
            "hello", (), f"{message}; reflash the device, or use the host it came with"
        )


class DeviceFault(Failure):
    """The device latched a fault; `fault` is its row."""

    def __init__(self, fault: Row, message: str):
        super().__init__(message)
        self.fault = fault
