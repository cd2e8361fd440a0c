"""Load MicroPython's UF2 image from a file or the network, and check it.

Role: image() returns the bytes of a UF2 for a chip. Invariant: every block is checked; a block of
another chip's family refuses the whole file.

The format: https://github.com/microsoft/uf2; the family ids: boot/uf2.h of the Pico SDK.
"""

from __future__ import annotations

import struct
from pathlib import Path

from ..errors import Failure, WrongUsage

SITE = "https://micropython.org/resources/firmware"
TIMEOUT_S = 30
BLOCK = 512
MOST_BYTES = 16 << 20
MAGIC = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
HAS_FAMILY = 0x2000
FAMILIES = {"rp2040": 0xE48BFF56, "rp2350": 0xE48BFF59}
ABSOLUTE = 0xE48BFF57  # a first block that RP2350 images begin with (erratum RP2350-E10)
NAMES = {family: chip.upper() for chip, family in FAMILIES.items()} | {
    0xE48BFF5A: "RP2350's RISC-V cores",
    0xE48BFF5B: "RP2350, not secure",
}


def image(chip: str, pinned: str, file: Path | None) -> bytes:
    """Return a checked image for `chip`: `file`, else the pinned one; raise Failure."""
    import urllib.request  # with http, ssl and email, which nothing else here needs

    try:
        if file:
            if file.stat().st_size > MOST_BYTES:
                raise WrongUsage(f"--uf2 {file}: larger than any image of MicroPython")
            content = file.read_bytes()
        else:
            with urllib.request.urlopen(address(pinned), timeout=TIMEOUT_S) as answer:
                content = bytes(answer.read(MOST_BYTES))
    except OSError as reason:  # urllib's URLError is one too
        if file:
            raise WrongUsage(f"--uf2 {file}: {reason.strerror or reason}") from None
        why = getattr(reason, "reason", None) or reason
        raise Failure(
            f"cannot download {address(pinned)}: {why}; fetch it elsewhere and name it: "
            "scs flash --uf2 FILE"
        ) from None
    wrong = complaint(content, chip)
    if wrong:
        raise Failure(f"{file or address(pinned)}: {wrong}")
    return content


def address(pinned: str) -> str:
    """Return the URL of the pinned image."""
    return f"{SITE}/{pinned}.uf2"


def complaint(content: bytes, chip: str) -> str:
    """Return the error in an image for a chip; "" if it is valid."""
    if not content or len(content) % BLOCK:
        return f"not a UF2 image: {len(content)} bytes are not a whole number of {BLOCK}"
    seen = 0
    for at in range(0, len(content), BLOCK):
        head = struct.unpack_from("<8I", content, at)
        (tail,) = struct.unpack_from("<I", content, at + BLOCK - 4)
        if (head[0], head[1], tail) != MAGIC:
            return f"not a UF2 image: block {at // BLOCK} lacks the magic numbers"
        if not head[2] & HAS_FAMILY:
            return "the image does not name its chip family"
        if head[7] == ABSOLUTE and chip == "rp2350":
            continue
        if head[7] != FAMILIES[chip]:
            other = NAMES.get(head[7], f"family 0x{head[7]:08x}")
            return f"made for the {other}, and the board has an {chip.upper()}; see --board"
        seen += 1
    return "" if seen else "the image is empty"
