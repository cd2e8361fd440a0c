"""The VCD of the emulated chip's pins, as sigrok-cli reads it: every level and every edge.

libsigrok 0.5.2 takes every pin as low before a first stamp above 0, and drops an edge after which
less than a sample of time is left.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.chip.support import MS, ChipTalk

SIGROK = shutil.which("sigrok-cli")
TICK_PS = 8_000
IDLE_HIGH, IDLE_LOW = "ncs", "sck"


def read_by_sigrok(path: Path) -> tuple[dict[str, int], dict[str, list[tuple[int, int]]]]:
    """Return the first level of each pin, and its edges (ticks, level)."""
    assert SIGROK is not None
    command = [SIGROK, "-I", f"vcd:downsample={TICK_PS}", "-i", str(path), "-O", "vcd"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "$timescale 1 ns $end" in done.stdout
    names = dict(re.findall(r"^\$var wire 1 (\S) (\S+) \$end$", done.stdout, re.MULTILINE))
    edges: dict[str, list[tuple[int, int]]] = {name: [] for name in names.values()}
    for line in re.findall(r"^#.*$", done.stdout, re.MULTILINE):
        stamp_ns, *changes = line.removeprefix("#").split()
        assert 1000 * int(stamp_ns) % TICK_PS == 0
        for level, sign in changes:
            edges[names[sign]].append((1000 * int(stamp_ns) // TICK_PS, int(level)))
    levels = {name: rows.pop(0)[1] for name, rows in edges.items()}
    return levels, edges


@pytest.mark.skipif(SIGROK is None, reason="no sigrok-cli: make packages installs it")
def test_sigrok_reads_the_levels_every_edge_and_the_one_at_the_very_end(
    talk: ChipTalk, tmp_path: Path
) -> None:
    talk.running()
    pins = {f"gp{talk.pins[name]}": talk.pins[name] for name in (IDLE_HIGH, IDLE_LOW)}
    talk.chip.watch(*pins.values())
    begin = talk.cycle
    talk.pass_ms(25)  # a period and a quarter, from the rest at its end
    assert talk.chip.step(25 * MS, until=(talk.pins[IDLE_HIGH], 0)).met
    path = tmp_path / "x.vcd"
    talk.chip.ask("vcd", file=str(path))
    logged = talk.chip.edges()
    assert (logged[-1].pin, logged[-1].level) == (talk.pins[IDLE_HIGH], 0)
    assert talk.cycle - logged[-1].cycle < 10  # cycles of the instruction in which it came

    levels, edges = read_by_sigrok(path)
    assert levels == {f"gp{talk.pins[IDLE_HIGH]}": 1, f"gp{talk.pins[IDLE_LOW]}": 0}
    for name, pin in pins.items():
        own = [(edge.cycle - begin, edge.level) for edge in logged if edge.pin == pin]
        assert len(own) > 20
        assert edges[name] == own
