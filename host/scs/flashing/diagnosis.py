"""Look at this computer and at the boards on it: what is there, what is missing, how to get it.

Role: computer() and boards() return the rows of `scs doctor`. Invariant: nothing is changed, on the
computer or on a device. A device is asked for HELLO and STATUS alone, which end nothing; like every
question they renew the lease of a running program. MicroPython's prompt gets an end of line, and
Ctrl-B, which shows its version; a program of somebody else gets no Ctrl-C.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from stimcore import VERSION, commands, states

from ..device.link import Link
from ..errors import Failure, Mismatch
from ..messages import refusals
from . import drives, ports

OK, NOTE, PROBLEM = "ok", "note", "problem"
PACKAGE = "scs-bench"
EXTRAS = {  # of pyproject.toml: what needs it
    "sweep": "scs sweep",
    "dask": "scs sweep --dask",
    "matlab": "traces as .mat files",
    "chip": "scs sim --chip",
}
TOOLS = {"ngspice": "make oracles", "sigrok-cli": "decoding the pins of scs trace -o FILE.vcd"}
REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(\[(?P<extras>[\w,-]+)\])?.*")
RULES = "/etc/udev/rules.d/70-scs-bench.rules"
RULE = 'SUBSYSTEM=="tty", ATTRS{idVendor}=="2e8a", MODE="0660", GROUP="dialout", TAG+="uaccess"'
PATIENCE_S = 1.5
HEAR_S = 0.4
CLEAR_OF_CTRL_C = 1  # the sequence number with which HELLO has no byte 3
FAULT = ("fault", "fault_index", "fault_value", "fault_limit")


class Row(NamedTuple):
    """One thing looked at: `state` is OK, NOTE or PROBLEM, `cure` what to do about it, or ""."""

    name: str
    state: str
    text: str
    cure: str = ""


def computer() -> Iterator[Row]:
    """Yield the rows of Python, of our packages and of the tools that features need."""
    yield Row("Python", OK, f"{platform.python_version()}, {sys.executable}")
    yield Row(PACKAGE, OK, f"{VERSION}, with stimcore of the same files")
    try:
        requirements = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        cure = f"pip install {PACKAGE}, or -e . in its repository"
        yield Row("packages", NOTE, "scs runs from its source, and is not installed", cure)
        requirements = []
    missing = _missing(requirements, "")
    if missing:
        cure = f"pip install {' '.join(missing)}"
        yield Row("packages", PROBLEM, f"not installed: {', '.join(missing)}", cure)
    for extra, feature in EXTRAS.items() if requirements else ():
        missing = _missing(requirements, extra)
        text = f"{feature}: {', '.join(missing)} not installed" if missing else feature
        cure = f"pip install '{PACKAGE}[{extra}]'" if missing else ""
        yield Row(f"extra {extra}", NOTE if missing else OK, text, cure)
    for tool, feature in TOOLS.items():
        path = shutil.which(tool)
        text = f"{feature}: {path or 'not installed'}"
        yield Row(tool, OK if path else NOTE, text, "" if path else f"apt install {tool}")


def _missing(requirements: Iterable[str], extra: str) -> list[str]:
    """Return the packages of an extra ("" for those always needed) that are not installed."""
    missing: list[str] = []
    for line in requirements:
        spec, _, marker = line.partition(";")
        of = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", marker)
        match = REQUIREMENT.match(spec)
        if (of[1] if of else "") != extra or match is None:
            continue
        if match["name"] == PACKAGE:
            for inner in (match["extras"] or "").split(","):
                missing += _missing(requirements, inner)
        elif not _is_installed(match["name"]):
            missing.append(match["name"])
    return missing


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def boards(named: str = "") -> Iterator[Row]:
    """Yield the rows of the boards: in BOOTSEL, and at the named port, or at every one's."""
    if named:
        yield (_denied(named) if Path(named).exists() else None) or _at(named)
        return
    for drive in drives.drives():
        text = f"{drive.chip.upper()} in BOOTSEL, without MicroPython"
        yield Row(str(drive.path), PROBLEM, text, "scs flash")
    connected = ports.boards()
    for port in connected:
        yield _denied(port.device) or _at(port.device)
    if not connected:
        text = "none that runs MicroPython is connected; --port sim needs none"
        yield Row("boards", NOTE, text, "see `scs ports`; hold BOOTSEL while plugging in a new one")


def _denied(port: str) -> Row | None:
    """Return why this user may not open a port, with the way to change it; None if it may."""
    if os.name != "posix" or os.access(port, os.R_OK | os.W_OK):
        return None
    try:
        status = Path(port).stat()
    except OSError as reason:
        return Row(port, PROBLEM, reason.strerror or str(reason), "plug it in again")
    group = _group(status.st_gid)
    text = f"this user may not open it: {stat.filemode(status.st_mode)}, group {group}"
    cure = f"sudo usermod -aG {group} $USER, and log in again; or as {RULES} the line {RULE}"
    return Row(port, PROBLEM, text, cure)


def _group(number: int) -> str:
    """Return the group to join for a serial port: its own, dialout where that is root's."""
    import grp

    try:
        name = grp.getgrgid(number).gr_name
    except KeyError:
        return "dialout"
    return "dialout" if name == "root" else name


def _at(port: str) -> Row:
    """Return what a port answers with."""
    try:
        with Link(port, patience_s=PATIENCE_S, sequence=CLEAR_OF_CTRL_C) as link:
            heard = link.hear(b"\r", HEAR_S)
            if heard.rstrip().endswith(b">>>"):
                return _prompt(port, link.hear(b"\x02", HEAR_S))
            return _firmware(port, link)
    except Mismatch as reason:
        return Row(port, PROBLEM, str(reason), "scs flash, once its output is off (scs stop)")
    except Failure as reason:
        return Row(
            port,
            PROBLEM,
            str(reason),
            "see `scs ports`; end the program that uses it, or flash it (scs flash)",
        )


def _prompt(port: str, banner: bytes) -> Row:
    match = re.search(r"MicroPython v?(\S+)", banner.decode("utf-8", "replace"))
    version = match[1].rstrip(";,") if match else "of an unknown version"
    return Row(
        port, PROBLEM, f"MicroPython {version} at its prompt, without our firmware", "scs flash"
    )


def _firmware(port: str, link: Link) -> Row:
    """Return what our firmware is and does; raise Mismatch if it has other commands or limits."""
    about = link.request(commands.HELLO, commands.PROTOCOL)
    version, _, board = about["names"].decode("utf-8", "replace").partition(" ")
    age = _age(version)
    text = f"firmware {version}{age}, {board}"
    if about["tables_digest"] != commands.tables_digest():
        cure = "scs flash, once its output is off (scs stop)"
        return Row(port, PROBLEM, f"{text}: it has other commands or limits than this host", cure)
    status = link.request(commands.STATUS)
    state = status["state"]
    text += f", {states.NAMES[state]}"
    if state == states.FAULT:
        fault = refusals.fault(tuple(status[name] for name in FAULT))
        return Row(port, PROBLEM, f"{text}: {fault}", f"scs faults --port {port}")
    return Row(port, NOTE if age else OK, text, "scs flash" if age else "")


def _age(version: str) -> str:
    """Return how a firmware's version stands to this host's; "" if it is the same."""
    if version == VERSION:
        return ""
    theirs, ours = (tuple(map(int, re.findall(r"\d+", text))) for text in (version, VERSION))
    return f", {'newer' if theirs > ours else 'older'} than this host's {VERSION}"
