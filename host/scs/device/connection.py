"""Connection to a device: opened with HELLO, identified by its board, halted on exit.

Role: the base of Session, which adds the commands. Invariant: a device built
from other tables is refused, never guessed at; whatever ends the block halts the output first.
Requirements: REQ-43, REQ-61.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from stimcore import commands
from stimcore.board import Board

from ..errors import Failure, LinkLost, WrongUsage
from .handshake import hello
from .link import PATIENCE_S, SIM, Link, is_sim, url_of

if TYPE_CHECKING:
    from ..profile.profile import Profile


class Opened:
    """Device on a port; arguments as for Stimulator."""

    def __init__(
        self,
        port: str = SIM,
        board: str | None = None,
        *,
        faults: str = "",
        patience_s: float = PATIENCE_S,
        halt_on_exit: bool = True,
    ):
        self.port = port
        self.profile: Profile | None = None
        self.version = self.unique_id = ""
        self._wanted = board
        self._faults = faults
        self._patience_s = patience_s
        self.halt_on_exit = halt_on_exit
        self._hash: int | None = None
        self._board: Board | None = None
        self._link: Link | None = None

    # --- opening and leaving ---------------------------------------------------------------
    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, _kind: object, reason: object, _frames: object) -> None:
        try:
            if self.halt_on_exit and isinstance(reason, LinkLost):
                self.link.tell(commands.HALT)
            elif self.halt_on_exit and self._link is not None:
                self.link.request(commands.HALT)
        except Failure:
            if reason is None:  # else the first reason is the one to tell
                raise
        finally:
            self.close()

    def open(self) -> None:
        """Open the port and check that host and device use the same tables."""
        url = url_of(self.port, self._wanted or "", self._faults)
        if self._faults and not is_sim(url):
            raise WrongUsage(f"faults can be injected into the simulated board, not at {self.port}")
        self._link = Link(url, patience_s=self._patience_s)
        try:
            self._board, self.version, self.unique_id = hello(self._link, self._wanted)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the port; the device goes on until its lease ends."""
        if self._link is not None:
            self._link.close()
        self._link = None

    # --- state -----------------------------------------------------------------------------
    @property
    def link(self) -> Link:
        """Open link; raises Failure if the device is not open."""
        if self._link is None:
            raise Failure("the device is not open: use `with Stimulator(…) as stim:`")
        return self._link

    @property
    def board(self) -> Board:
        """Board, stage and load reported by the device."""
        if self._board is None:
            raise Failure("the device is not open: use `with Stimulator(…) as stim:`")
        return self._board

    @property
    def contact_names(self) -> tuple[str, ...]:
        """Names of the contacts of the loaded profile."""
        return self.profile.contact_names if self.profile else ()

    @property
    def program_names(self) -> tuple[str, ...]:
        """Names of the programs of the loaded profile."""
        return self.profile.program_names if self.profile else ()
