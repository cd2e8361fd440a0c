"""The non-volatile store on the board: one file of MicroPython's file system per index.

Role: hal.nv_read and hal.nv_write. Invariant: neither raises; stimcore/store.py reads back and
checks, so it detects what a power cut or a full file system left behind.
Requirements: REQ-45.

Both halves of a slot have a folder of their own: littlefs keeps small files in their folder's
block, and a shared folder took up to 230 ms to rewrite (emulated chip, 2026-11); two take 95.
"""

import errno
import os

FOLDER = "store"
UNREADABLE = b"\xff"  # no record


def read(index: int) -> bytes:
    """Return the bytes of an index; b"" if there is none, UNREADABLE on another error."""
    try:
        with open(_path(index), "rb") as file:
            return file.read()
    except OSError as error:
        return b"" if error.errno == errno.ENOENT else UNREADABLE


def write(index: int, data: bytes, feed) -> None:
    """Replace the bytes of an index; b"" leaves nothing there. feed: of the watchdog."""
    try:
        if data:
            _make(FOLDER, feed)
            _make(_folder(index), feed)
            with open(_path(index), "wb") as file:
                file.write(data)
        elif read(index):
            os.remove(_path(index))
    except OSError:
        return


def _folder(index: int) -> str:
    return FOLDER + "/" + str(index // 2)


def _path(index: int) -> str:
    return _folder(index) + "/" + str(index % 2)


def _make(folder: str, feed) -> None:
    try:
        os.mkdir(folder)
        feed()
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise
