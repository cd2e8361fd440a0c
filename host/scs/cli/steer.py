"""steer: a program moved along its lead, in the profile's file.

Role: the command. Invariant: nothing is written that the device's own judgement refuses.
Next: ../steer.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..failures import WrongUsage
from . import options

By = Annotated[
    int, typer.Option("--by", metavar="N", help="By how many contacts; from the tip if positive.")
]
Wanted = Annotated[
    str, typer.Option("--program", metavar="NAME", help="Its name or number; default all.")
]
Target = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="The file to write; default PROFILE itself."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an output that is there.")]


def steer(
    profile: options.ProfileFile,
    by: By,
    program: Wanted = "",
    output: Target = None,
    force: Force = False,
    board: options.BoardRow = "",
    stage: options.StageRow = "",
    load: options.LoadRow = "",
) -> None:
    """Move programs along the lead by N contacts; comments in the file stay.

    Thresholds measured at the old contacts are left out, and a share of perception becomes the
    current that it was. A place off the lead, or one the device would refuse, changes nothing.

    Examples:  scs steer my.yaml --by 1   ·   scs steer my.yaml --by -2 --program leg -o new.yaml
    """
    from .. import boards, editing
    from ..clinical import compare
    from ..judging import judge
    from ..profile import Profile, ProfileError
    from ..steer import chosen, moved

    if output is not None and output.exists() and not force:
        raise WrongUsage(f"{output} is there already; name another file, or overwrite with --force")
    row = boards.board(options.board_name(board, stage, load))
    before = Profile.read(profile)
    after = moved(before, by, chosen(before, program))
    verdict = judge(after, row)
    if not verdict.ok:
        raise ProfileError(f"{profile} (moved by {by})", verdict.errors)
    target = output or profile
    editing.save(after, target)
    for one in compare(before, after):
        typer.echo(f"{one.program}: {one.quantity} {one.a_text} -> {one.b_text}")
    typer.echo(f"{target}: moved by {by}; judge it with `scs check {target}`")
