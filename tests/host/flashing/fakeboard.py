"""A fake board: MicroPython's raw prompt on a socket, upon a file system in memory.

It runs the flasher's scripts in CPython against small modules of its own, and can go wrong by
name. After a reset that finds main.py it hands the socket on to a simulated board.
"""

import contextlib
import hashlib
import io
import socket
import threading
import types
from typing import Any

from scs import sim_bridge

MPY = 6 | 3 << 8 | 4 << 10  # of MicroPython 1.28 on an RP2040
BANNER = b"raw REPL; CTRL-B to exit\r\n>"
NEW = b"\r\nMicroPython v1.28.0\r\n>>> "


class Gone(Exception):
    """The cable was pulled."""


class Written(io.BytesIO):
    """A file that reaches the board when it is closed."""

    def __init__(self, board: "FakeBoard", name: str):
        super().__init__()
        self.board, self.name = board, name

    def write(self, data: Any) -> int:
        self.board.written += len(data)
        if self.board.written > self.board.pulled_after:
            raise Gone
        if self.board.written > self.board.room:
            raise OSError(28, "ENOSPC")
        return super().write(data)

    def close(self) -> None:
        content = self.getvalue()
        flip = self.name == self.board.damages
        self.board.files[self.name] = content[:-1] + b"?" if flip else content
        super().close()


class FakeBoard:
    """Set its attributes before a flashing; `url` is where it is."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.folders: set[str] = set()
        self.version, self.mpy, self.machine = (1, 28, 0), MPY, "Raspberry Pi Pico with RP2040"
        self.free_blocks = 345
        self.room = self.pulled_after = 1 << 30
        self.damages = ""
        self.is_silent = False
        self.echoes = False  # a line's end, as MicroPython does at its prompt
        self.name = "pico/mcp4922-8/resistor-500"
        self.pulled_before = "nothing of this"  # words of a script
        self.written = 0
        self.resets = 0
        self.is_raw = False
        self.bench: sim_bridge.SimBoard | None = None  # what main.py makes of the board
        self._space: dict[str, Any] = {}
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def start(self) -> None:
        """Start the firmware as a reset does on a board that has main.py."""
        self.bench = sim_bridge.make(self.name)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._server.accept()
                with client, contextlib.suppress(OSError, Gone):
                    self._talk(client)

    def _talk(self, client: socket.socket) -> None:
        held = b""
        while True:
            if self.bench is not None:
                self._hand_on(client, self.bench)
                return
            data = client.recv(4096)
            if not data:
                return
            if not self.is_silent:
                held = self._heard(client, held + data)

    def _heard(self, client: socket.socket, held: bytes) -> bytes:
        """Answer what is whole; the rest."""
        while held:
            if held[:1] in b"\r\x03":
                if self.echoes and not self.is_raw and held[:1] == b"\r":
                    client.sendall(b"\r\n>>> ")
                held = held[1:]
            elif held[:1] == b"\x02":
                self.is_raw, held = False, held[1:]
                client.sendall(NEW)
            elif held[:1] == b"\x01":
                self.is_raw, held = True, held[1:]
                client.sendall(BANNER)
            elif held[:1] == b"\x05":
                if len(held) < 3:
                    return held
                held = held[3:]
                client.sendall(b"R\x00")  # no raw paste here
            elif b"\x04" in held:
                script, _, held = held.partition(b"\x04")
                self._run(client, script.decode())
            else:
                return held
        return held

    def _run(self, client: socket.socket, script: str) -> None:
        if self.pulled_before in script:
            raise Gone
        if not script:
            self._space = {}
            client.sendall(b"OK\r\nMPY: soft reboot\r\n" + BANNER)
            return
        out, error = io.StringIO(), ""
        space = self._space
        space["__builtins__"] = {
            **vars(__import__("builtins")),
            "__import__": lambda name, *_rest: self._module(client, name),
            "open": self._open,
            "print": lambda *what, end="\n": out.write(" ".join(map(str, what)) + end),
        }
        try:
            exec(script, space)
        except OSError as reason:
            error = f"OSError: [Errno {reason.errno}] {reason.strerror}\r\n"
        client.sendall(b"OK" + out.getvalue().encode() + b"\x04" + error.encode() + b"\x04>")

    # --- MicroPython's modules -----------------------------------------------------------------
    def _module(self, client: socket.socket, name: str) -> Any:
        return {
            "sys": types.SimpleNamespace(
                implementation=types.SimpleNamespace(
                    name="micropython",
                    version=(*self.version, ""),
                    _mpy=self.mpy,
                    _machine=self.machine,
                )
            ),
            "os": types.SimpleNamespace(
                statvfs=lambda _path: (4096, 4096, 352, self.free_blocks),
                ilistdir=self._listdir,
                mkdir=lambda path: self.folders.add(path),
                remove=lambda path: self.files.pop(path),
                rename=self._rename,
            ),
            "hashlib": hashlib,
            "time": types.SimpleNamespace(sleep_ms=lambda _ms: client.sendall(b"OK")),
            "machine": types.SimpleNamespace(reset=self._reset),
        }[name]

    def _listdir(self, path: str) -> list[tuple[str, int]]:
        folder = path.lstrip("/")
        if folder and folder.rstrip("/") not in self.folders:
            raise OSError(2, "ENOENT")
        entries = [(name, 0x4000) for name in sorted(self.folders)] if not folder else []
        for name in self.files:
            head, _, tail = name.rpartition("/")
            if head == folder.rstrip("/"):
                entries.append((tail, 0x8000))
        return entries

    def _open(self, name: str, mode: str) -> io.BytesIO:
        if "w" in mode:
            self.files[name] = b""
            return Written(self, name)
        return io.BytesIO(self.files[name])

    def _rename(self, old: str, new: str) -> None:
        self.files[new] = self.files.pop(old)

    def _reset(self) -> None:
        self.resets += 1
        self.is_raw = False
        if "main.py" in self.files:
            self.start()
        raise Gone

    def _hand_on(self, client: socket.socket, device: sim_bridge.SimBoard) -> None:
        """Connect the client to a simulated board, which may leave for the prompt meanwhile."""
        server = sim_bridge.listen(device)
        host, _, port = server.address.removeprefix("socket://").rpartition(":")
        thread = threading.Thread(target=server.run)
        thread.start()
        with socket.create_connection((host, int(port))) as there, contextlib.suppress(OSError):
            back = threading.Thread(target=_pump, args=(there, client), daemon=True)
            back.start()
            _pump(client, there)
        server.stop()
        thread.join(60)
        if device.device.leaving:
            self.bench = None


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(4096):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
