"""Who may do what: the board's key, and whose a frame is.

Role: pair() keeps or erases the key, open() begins the session (session.py) in which a holder's
commands are signed, look() erases a lost key at the board. dialogue.py compares the role of each
frame with that of the table of commands.
Invariant: while a key is kept, or a damaged one, a frame that is not signed is an observer's; no
key is replaced or erased but by its holder's command or by BOOTSEL. Requirements: REQ-70.

An unpaired board keeps session.py out of its memory.
"""

from . import commands, errors, journal, states, store
from .errors import Refused

SLOT = journal.FIRST + journal.BLOCKS
# what is kept
NONE = 0
PAIRED = 1
DAMAGED = 2
KEY = 32  # bytes
QUIET_MS = 600_000  # between two entries of refusals: nobody may fill the journal or wear the flash
PRESS_WITHIN_MS = 5_000  # of the start
HOLD_MS = 3_000


class Access:
    """The key of one board, its session, and the refusals that are not in the journal yet."""

    def __init__(self, hal, book: journal.Journal):
        self.hal = hal
        self.journal = book
        self.refusals = 0
        self.refused = (0, 0)  # code and command of the last one
        self._noted_ms = -QUIET_MS
        self._pressed_ms = -1
        self._restore()

    def _restore(self) -> None:
        """Read the key; there is no session any more."""
        data, damaged = store.read(self.hal, SLOT)
        self._key = data if len(data) == KEY else b""
        self.kept = PAIRED if self._key else NONE
        if not self._key and (data or damaged):
            self.kept = DAMAGED
        # whose a frame is that is not signed: of an unpaired board everybody's
        self.plain_role = commands.OBSERVER if self.kept else commands.PROGRAMMER
        self.sessions: list = []  # one at most
        if self._key:
            from .session import Session

            self._make = Session

    def pair(self, now_ms: int, key: bytes, by: int = journal.BY_HOLDER) -> None:
        """Keep a key, or none (b""); Refused where it does not arrive in the store."""
        if len(key) not in (0, KEY):
            raise Refused(errors.BAD_LENGTH, 0, len(key), KEY)
        try:
            if key:
                store.write(self.hal, SLOT, key)
                store.write(self.hal, SLOT, key)  # the other half too: no older key comes back
            else:
                store.erase(self.hal, SLOT)
        finally:
            self._restore()
        self.journal.note(now_ms, journal.KEY, by, 0, self.kept)

    def open(self, now_ms: int, role: int, nonce: bytes) -> bytes:
        """Begin a session that its first signed frame proves; return the board's nonce."""
        if not self._key:
            raise Refused(errors.KEY_DAMAGED if self.kept else errors.NO_SESSION)
        if self.sessions:
            self.sessions[0].check_free(now_ms)
        own = self.hal.random(commands.NONCE)
        self.sessions = [self._make(now_ms, self._key, role, own, nonce)]
        return bytes(own)

    def look(self, now_ms: int, state: int) -> None:
        """Look at BOOTSEL, and write down what was refused: where no output flows alone."""
        since_ms, self._pressed_ms = self._pressed_ms, -1
        if state not in states.CALM:
            return
        if self.refusals and now_ms - self._noted_ms >= QUIET_MS:
            self.journal.note(now_ms, journal.REFUSED, *self.refused, self.refusals)
            self.refusals, self._noted_ms = 0, now_ms
        if self.kept and (since_ms >= 0 or now_ms < PRESS_WITHIN_MS) and self.hal.bootsel():
            self._pressed_ms = now_ms if since_ms < 0 else since_ms
            if now_ms - self._pressed_ms >= HOLD_MS:
                try:
                    self.pair(now_ms, b"", journal.AT_THE_BOARD)
                except Refused:
                    return  # tried again as long as it is pressed
