"""Options shared by several commands, and their parsers.

Role: typed options; duration, rate and board texts -> values. Invariant: an invalid text raises
WrongUsage with an example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from ..errors import WrongUsage

if TYPE_CHECKING:
    from ..device.stimulator import Stimulator

NEEDS_PORT = (
    "--port is needed (or SCS_PORT): a serial port or socket://HOST:PORT; the port sim is a new "
    "board in each process: serve one with `scs sim --listen 127.0.0.1:7000`"
)

ProfileFile = Annotated[Path, typer.Argument(metavar="PROFILE", help="Profile, a .yaml file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, for scripts.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing output file.")]


def check_output(file: Path | None, *, force: bool) -> None:
    """Raise WrongUsage for an output file that exists, or that cannot be written."""
    from ..documents import atomic_write

    if file is not None and file.exists() and not force:
        raise WrongUsage(f"{file} already exists; name another file or use --force")
    if file is not None:
        atomic_write.check(file)


ProfileOutput = Annotated[
    Path | None, typer.Option("--output", "-o", help="Output file; default PROFILE itself.")
]
BoardRow = Annotated[
    str, typer.Option("--board", help="Board, or BOARD/STAGE/LOAD; see `scs boards`.")
]
LoadRow = Annotated[str, typer.Option("--load", help="Dummy load.")]
Role = Annotated[
    str,
    typer.Option(
        help="Role on a paired board: observer, operator or programmer; default: the highest that "
        "the key on this computer gives."
    ),
]
PATIENCE_S = 5.0  # link.PATIENCE_S, which is not imported for `--help`
Patience = Annotated[
    float,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        min=0.1,
        max=600,
        help="Time to wait for a reply of the device.",
    ),
]
Faults = Annotated[
    list[str] | None,
    typer.Option(
        help="Inject a fault on the simulated board, NAME@SECONDS, e.g. open_lead@2; repeatable. "
        "See `scs faults --simulated`."
    ),
]


@dataclass(frozen=True)
class Fixture:
    """Options that name board, output stage and dummy load."""

    board: BoardRow = ""
    stage: Annotated[str, typer.Option("--stage", help="Output stage.")] = ""
    load: LoadRow = ""

    def full_name(self) -> str:
        """Return BOARD/STAGE/LOAD with defaults filled in; --board also takes a full name."""
        from ..catalog import boards
        from ..catalog.board_file import BoardError

        name, board = (self.board, "") if "/" in self.board else ("", self.board)
        try:
            return boards.full_name(name, board=board, stage=self.stage, load=self.load)
        except BoardError as reason:
            raise WrongUsage("; ".join(row.message for row in reason.rows)) from None


@dataclass(frozen=True)
class Device(Fixture):
    """Options that open a device of a required fixture, or make a simulated one."""

    port: Annotated[
        str,
        typer.Option(
            envvar="SCS_PORT",
            help="sim, a serial port (/dev/ttyACM0, COM3) or socket://HOST:PORT",
        ),
    ] = "sim"
    timeout: Patience = PATIENCE_S
    role: Role = ""

    def faults(self) -> str:
        """Return the faults to inject, for sim://; none without --fault."""
        return ""

    def stimulator(self, *, halt_on_exit: bool) -> Stimulator:
        """Return the device, not yet opened; without a fixture any device is accepted."""
        from ..device.stimulator import Stimulator

        board = self.full_name() if self.board or self.stage or self.load else None
        return Stimulator(
            self.port,
            board,
            faults=self.faults(),
            patience_s=self.timeout,
            halt_on_exit=halt_on_exit,
            role=self.role,
        )


@dataclass(frozen=True)
class FaultyDevice(Device):
    """Options of a device that take faults to inject as well."""

    fault: Faults = None

    def faults(self) -> str:
        """Join faults such as open_lead@2 for sim://; raise WrongUsage for unknown ones."""
        return simulated_faults(self.fault)


@dataclass(frozen=True)
class Running:
    """Options that reach a device that is already running."""

    port: Annotated[
        str,
        typer.Option(
            envvar="SCS_PORT",
            help="A serial port (/dev/ttyACM0, COM3) or socket://HOST:PORT",
        ),
    ] = ""
    timeout: Patience = PATIENCE_S
    role: Role = ""

    def real_port(self) -> str:
        """Return the port; raise WrongUsage if there is none or it is a simulated board."""
        from ..device.link import is_sim

        if not self.port or is_sim(self.port):
            raise WrongUsage(NEEDS_PORT)
        return self.port

    def attached(self) -> Stimulator:
        """Return a connection that leaves the device's state unchanged."""
        from ..device.stimulator import Stimulator

        port = self.real_port()
        return Stimulator(port, patience_s=self.timeout, halt_on_exit=False, role=self.role)


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command whose parameters of the types above are each an option a field."""
    parameters: list[Parameter] = []
    groups: dict[str, Any] = {}
    for parameter in signature(command, eval_str=True).parameters.values():
        group = parameter.annotation
        if not is_dataclass(group):
            parameters.append(parameter)
            continue
        groups[parameter.name] = group
        types = get_type_hints(group, include_extras=True)
        for field in fields(group):
            kind, annotation = parameter.kind, types[field.name]
            option = Parameter(field.name, kind, default=field.default, annotation=annotation)
            parameters.append(option)

    @wraps(command)
    def call(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{field.name: values.pop(field.name) for field in fields(group)})
        command(**values)

    vars(call)["__signature__"] = Signature(parameters)  # for typer
    return call


@contextmanager
def naming(option: str) -> Iterator[None]:
    """Turn a UnitError raised within into a WrongUsage that names the option."""
    from ..documents.units import UnitError

    try:
        yield
    except UnitError as reason:
        raise WrongUsage(f"{option}: {reason}") from None


def seconds(text: str, option: str) -> float:
    """Parse a duration such as "10s" or "1 min"; return seconds."""
    from ..documents import units

    short = text.strip().endswith(("us", "µs", "μs"))
    with naming(option):
        duration = units.exact(text, "us" if short else "ms", "10s")
    if duration <= 0:
        raise WrongUsage(f"{option}: {text} is not a duration above 0; try 10s")
    return float(duration / (1_000_000 if short else 1000))


def hertz(text: str, option: str) -> float:
    """Parse a rate such as "10 kHz", or a number of hertz; return hertz."""
    from ..documents import units

    plain = text.strip().replace(".", "", 1).isdecimal()
    with naming(option):
        rate_millihz = units.exact(f"{text} Hz" if plain else text, "mHz", "10 kHz")
    if rate_millihz <= 0:
        raise WrongUsage(f"{option}: {text} is not a rate above 0; try 10 kHz")
    return float(rate_millihz / 1000)


def share(text: str, option: str) -> float:
    """Parse a share such as "1%" or "0.01", above 0 and at most 1."""
    number, percent, rest = text.partition("%")
    try:
        part = float(number) / (100 if percent else 1)
    except ValueError:
        part = -1.0
    if rest.strip() or not 0 < part <= 1:
        raise WrongUsage(f"{option}: {text} is not a share above 0 and up to 100%; try 1%")
    return part


def simulated_faults(texts: list[str] | None) -> str:
    """Join faults such as open_lead@2 for sim://; raise WrongUsage for unknown ones."""
    if not texts:
        return ""
    from .. import sim_bridge

    joined = ",".join(texts)
    try:
        sim_bridge.make(fault=joined)
    except ValueError as reason:
        raise WrongUsage(f"--fault: {reason}") from None
    return joined
