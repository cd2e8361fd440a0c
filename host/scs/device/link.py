"""Send one command at a time over a serial port: framed, numbered, repeated until answered.

Role: request() sends a row of stimcore.commands.TABLE and returns the reply's fields.
Invariant: a command is never executed twice (the device repeats its reply to a known sequence
number); a reply to anything but the current request is dropped; the only exceptions are Failures.
Threads that share a link take turns, a request each: the numbers of one never meet another's.
With a signer, what needs a key and all that follows is signed, in a session that is opened for it.
Time is the port's own if it has one: `sim://` runs in virtual time. Requirements: REQ-40, REQ-61,
REQ-70.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import struct
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import serial

from stimcore import access, commands, errors, frame, packing, states
from stimcore.errors import Refused

from ..errors import DeviceRefused, LinkLost, Mismatch, Row, WrongUsage
from ..messages import refusals
from .signing import UNSIGNED, Signer

SIM = "sim"  # the simulated board inside this process
HANDLERS = "scs.urlhandler"  # where pyserial finds sim://
EXAMPLES = "for example /dev/ttyACM0 or socket://127.0.0.1:7000"
HELD = "another program holds it"
BAUD = 115_200  # USB serial ignores it
RETRY_S = 0.3
PATIENCE_S = 5.0  # a Pico takes about a second to judge a profile, an emulated one longer
_PORT_ERRORS = (OSError, ValueError)  # SerialException is an OSError
_REFUSAL_BYTES = struct.calcsize(commands.REFUSAL)
_ROWS = {row[0]: row for row in commands.TABLE}
_REPLY_NAMES = {row[0]: [name for name, _ in packing.columns(row[3])] for row in commands.TABLE}

Fields = dict[str, Any]


def is_sim(port: str) -> bool:
    """Return True if a port is the simulated board inside this process."""
    return port == SIM or port.startswith("sim://")


def shown(name: str) -> str:
    """Return a port's name for a message, with control characters escaped."""
    return name if name.isprintable() else repr(name)


def url_of(port: str, board: str = "", faults: str = "") -> str:
    """Return the pyserial URL of a port; `sim` is short for `sim://?…`."""
    if port != SIM:
        return port
    options = {name: value for name, value in (("board", board), ("fault", faults)) if value}
    return "sim://?" + urlencode(options, safe="/@,")


class Link:
    """Open port; a context manager that closes it. Raises LinkLost, or WrongUsage for its name.

    port: a name or URL that pyserial can open. retry_s: how long to wait for a reply before
    asking again; patience_s: before giving up; sequence: number of the first request.
    """

    def __init__(
        self,
        port: str,
        *,
        patience_s: float = PATIENCE_S,
        retry_s: float = RETRY_S,
        sequence: int = 0,
    ):
        self.port_name = "the simulated board" if is_sim(port) else shown(port)
        self.patience_s = patience_s
        self.retry_s = min(retry_s, patience_s)
        self.requests = 0
        self.retries = 0  # questions that had to be asked again
        self.paired = access.NONE  # as the last HELLO said
        self.signer: Signer | None = None
        self._turn = threading.RLock()  # an RLock: a signal's handler may ask amid a request
        self._sequence = sequence - 1 & 255
        self._heard = False  # anything from the device
        self._decoder = frame.Decoder()
        self._port = _opened(port)
        self.now: Callable[[], float] = getattr(self._port, "now", time.monotonic)
        self._sleeps: Callable[[float], None] | None = getattr(self._port, "sleep", None)

    @property
    def bench(self) -> Any:
        """Simulated bench behind the port, or None."""
        return getattr(self._port, "bench", None)

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_reason: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the port, ignoring errors."""
        with contextlib.suppress(*_PORT_ERRORS):
            self._port.close()

    def sleep(self, seconds: float) -> None:
        """Let the port's time pass; in virtual time no other thread's request comes between."""
        if self._sleeps is None:
            time.sleep(seconds)
            return
        with self._turn:
            self._sleeps(seconds)
        time.sleep(0)  # lets a thread that waits for its turn have it

    def request(self, opcode: int, *values: Any) -> Fields:
        """Return the reply's fields by name; raise DeviceRefused, Mismatch or LinkLost."""
        with self._turn:
            return self._request(opcode, values)

    def _request(self, opcode: int, values: tuple[Any, ...]) -> Fields:
        self.requests += 1
        fields = packing.pack(_ROWS[opcode][2], values)
        signer = self.signer
        needs_key = _ROWS[opcode][5] > commands.OBSERVER
        if signer is None or opcode in UNSIGNED or not (needs_key or signer.is_open):
            reply = self._asked(opcode, opcode, fields)
            if opcode == commands.HELLO:
                self.paired = reply["paired"]
            return reply
        if not signer.is_open:
            self._open(signer)
        try:
            reply = self._asked(commands.SIGNED, opcode, signer.signed(opcode, fields))
        except DeviceRefused as refusal:
            if not refusal.rows or refusal.rows[0][0] != errors.SESSION_OVER:
                raise
            self._open(signer)  # nothing had been said for so long
            reply = self._asked(commands.SIGNED, opcode, signer.signed(opcode, fields))
        if opcode == commands.PAIR:
            self.signer = None  # its key is no more
        return reply

    def _open(self, signer: Signer) -> None:
        fields = packing.pack(_ROWS[commands.OPEN][2], signer.offer())
        signer.begin(self._asked(commands.OPEN, commands.OPEN, fields)["nonce"])

    def prove(self) -> None:
        """Open the signer's session, and have the board carry out a first signed command."""
        with self._turn:
            if self.signer is not None:
                self._open(self.signer)
                self.request(commands.STATUS)

    def give_up(self) -> None:
        """End the session of a key, if there is one, so that another host need not wait."""
        with self._turn:
            if self.signer is not None and self.signer.is_open:
                fields = (self.signer.role, bytes(commands.NONCE))
                anew = packing.pack(_ROWS[commands.OPEN][2], fields)
                signed = self.signer.signed(commands.OPEN, anew)
                with contextlib.suppress(DeviceRefused):  # it is over already
                    self._asked(commands.SIGNED, commands.OPEN, signed)
                self.signer.offer()

    def _asked(self, sent: int, opcode: int, payload: bytes) -> Fields:
        """Send a frame until it is answered; return the reply to `opcode`, which it may wrap."""
        question = self._question(sent, payload)
        self._write(question)
        asked_s = self.now()
        deadline_s = asked_s + self.patience_s
        while (reply := self._reply(sent, min(asked_s + self.retry_s, deadline_s))) is None:
            if self.now() >= deadline_s:
                raise LinkLost(
                    f"no answer from {self.port_name} within {self.patience_s:g} s: is it an scs "
                    "device, powered, and used by no other program?"
                )
            self.retries += 1
            self._write(question)
            asked_s = self.now()
        return _understood(opcode, reply)

    def tell(self, opcode: int) -> None:
        """Send a command without fields and wait for nothing: to a device that does not answer."""
        with self._turn:
            self._write(self._question(opcode, b""))

    def hear(self, data: bytes, wait_s: float) -> bytes:
        """Send bytes that are no frame; return what comes within `wait_s`, as from a prompt."""
        self._write(data)
        heard, until_s = b"", self.now() + wait_s
        while self.now() < until_s:
            heard += self._read()
        return heard

    def _question(self, opcode: int, payload: bytes) -> bytes:
        self._sequence = (self._sequence + 1) & 255
        return bytes(frame.encode(self._sequence, opcode, payload))

    def _write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except _PORT_ERRORS as reason:
            raise self._broken(reason) from None

    def _reply(self, opcode: int, until_s: float) -> bytes | None:
        """Return the payload of the reply to the current request; None after `until_s`."""
        while True:
            for sequence, kind, payload in self._decoder.feed(self._read()):
                if sequence == self._sequence and kind == opcode | commands.REPLY:
                    return bytes(payload)
            if self.now() >= until_s:
                return None

    def _read(self) -> bytes:
        """Read the bytes available; waits for a first byte up to the port's time-out."""
        data = b""
        try:
            data = self._port.read(1)
            if data:
                data += self._port.read_all()
        except _PORT_ERRORS as reason:
            if not data:  # else what came before the loss counts, and the next read tells of it
                raise self._broken(reason) from None
        self._heard = self._heard or bool(data)
        return data

    def _broken(self, reason: Exception) -> LinkLost:
        message = f"the link to {self.port_name} broke: {_sentence(reason)}"
        if not self._heard and not is_sim(self.port_name):
            message += f": {HELD}, or its server has ended; see `scs ports`"
        return LinkLost(message)


def _opened(name: str) -> Any:
    if HANDLERS not in serial.protocol_handler_packages:
        serial.protocol_handler_packages.append(HANDLERS)
    _check_form(name)
    try:
        port = serial.serial_for_url(url_of(name), do_not_open=True, baudrate=BAUD, timeout=0.05)
        if not name.startswith("rfc2217://"):  # which has no such setting
            port.write_timeout = 1.0
        if "://" not in url_of(name):
            port.exclusive = True
        port.open()
        port.reset_input_buffer()
    except OSError as reason:
        text = _sentence(reason).removeprefix(f"{url_of(name)}: ")
        raise LinkLost(f"cannot open {shown(name)}: {text}{_advice(reason)}") from None
    except ValueError as reason:
        raise WrongUsage(f"cannot open {shown(name)}: {_sentence(reason)}; {EXAMPLES}") from None
    return port


def _check_form(name: str) -> None:
    """Raise WrongUsage for a port that cannot be the name of any."""
    if not name.strip():
        raise WrongUsage(f"a port is needed; {EXAMPLES}")
    if not name.isprintable():
        raise WrongUsage(f"{shown(name)} is not the name of a port; {EXAMPLES}")
    protocol, separator, _rest = name.partition("://")
    if not separator and re.fullmatch(r"(\[[\da-fA-F:]+\]|[\w.-]+):\d+", name):
        raise WrongUsage(f"{name} has no protocol; for example socket://{name}")
    if protocol in ("socket", "rfc2217") and separator:
        try:
            parts = urlsplit(name)
            complete = bool(parts.hostname and parts.port and not parts.path)
            complete &= protocol == "rfc2217" or not parts.query  # which has options of its own
        except ValueError:  # a port that is no number, or above 65535
            complete = False
        if not complete:
            raise WrongUsage(
                f"{name} is not {protocol}://HOST:PORT with a port from 1 to 65535; "
                f"for example {protocol}://127.0.0.1:7000"
            )


def _sentence(reason: Exception) -> str:
    """Return the system's error text, without pyserial's prefix."""
    number = getattr(reason, "errno", None)
    if isinstance(number, int) and number > 0:
        return os.strerror(number)
    text = str(reason) or type(reason).__name__
    return re.sub(r"^.*(\[Errno -?\d+\] |: \(\d+, ')(.*?)('\))?$", r"\2", text)


def _advice(reason: OSError) -> str:
    denied = "PermissionError" in str(reason)  # as pyserial quotes it on Windows
    if denied or reason.errno in (errno.EAGAIN, errno.EBUSY, errno.EACCES):
        return f": {HELD}, or this user may not open it; see `scs ports`"
    if reason.errno == errno.ENOENT:
        return f"; `scs ports` lists the serial ports; {EXAMPLES}"
    return ""


def _understood(opcode: int, payload: bytes) -> Fields:
    """Return the fields of an OK reply; raise the Failure for any other."""
    _opcode, name, _request, fields, *_permission = _ROWS[opcode]
    if payload[:1] != bytes((errors.OK,)):
        raise _refusal(name, payload)
    try:
        values = packing.unpack(fields, payload[1:])
    except Refused:
        raise Mismatch("the device answers in another format than this host's") from None
    return dict(zip(_REPLY_NAMES[opcode], values, strict=True))


def _refusal(command: str, payload: bytes) -> Exception:
    body = payload[1:]
    if not body or len(body) % _REFUSAL_BYTES:
        return Mismatch("the device refuses in another format than this host's")
    rows: tuple[Row, ...] = tuple(struct.iter_unpack(commands.REFUSAL, body))
    if rows[0][0] == errors.BAD_SEQUENCE:
        return LinkLost(
            "the device does not know this session: it was restarted, or another program "
            "opened it; what it had delivered is in its ledger only if it was not reset"
        )
    if rows[0][0] == errors.BAD_VERSION:
        _code, _index, ours, theirs = rows[0]
        return Mismatch(f"the host speaks protocol {ours}, the device protocol {theirs}")
    if rows[0][0] == errors.BAD_STATE:
        state = states.NAMES[rows[0][2]] if rows[0][2] < len(states.NAMES) else "an unknown state"
        return DeviceRefused(command, rows, refusals.not_in_state(command, state))
    return DeviceRefused(command, rows, "; ".join(refusals.sentence(row) for row in rows))
