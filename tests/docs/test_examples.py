"""Every command in the README and in docs/ runs as written and prints what is shown there."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.documented import ROOT, Block, Session, blocks, can_run, parsed, shows
from tests.support.serving import serving

from scs import sim_bridge
from scs.device import keys

PROFILE = (ROOT / "profiles/tonic_50hz.yaml").read_text(encoding="utf-8")
ALONE = PROFILE + "stand_alone: true\n"
BURST = (ROOT / "profiles/burst_dr.yaml").read_text(encoding="utf-8")
BAD = """\
name: bad
lead: octrode-3mm
programs:
  - name: low back
    cathodes: [E3]
    anodes: [E4]
    rate: 20 kHz
    pulse_width: 200
    amplitude: 2 mV
"""
# files of a reader's own that a page speaks of
FILES = {
    "README.md": {"burst_at_0.6_mA.yaml": BURST.replace("0.35 mA", "0.6 mA")},
    "docs/howto/shift-contacts.md": {"my.yaml": ALONE},
    "docs/howto/store-programs.md": {"my.yaml": PROFILE + "session: {duration: 4 s}\n"},
    "docs/howto/titrate.md": {"my.yaml": PROFILE},
    "docs/reference/profiles.md": {"bad.yaml": BAD},
}
SERVED = "a served board"
# words of a page -> what stands for them here
HERE = {
    "docs/howto/calibrate.md": {"PORT": SERVED},
    "docs/howto/record-and-compare.md": {
        "PROFILE": "profiles/tonic_48_pulses.yaml",
        "PORT": "sim",
        "DIR": "kept",
        "A": "kept",
        "B": "x.csv",
    },
    "docs/howto/shift-contacts.md": {
        "socket://127.0.0.1:7391": SERVED,
    },
    "docs/howto/pair-a-board.md": {"/dev/ttyACM0": SERVED},
    "docs/howto/read-the-journal.md": {"/dev/ttyACM0": SERVED},
    "docs/howto/store-programs.md": {"/dev/ttyACM0": SERVED},
    "docs/tutorial/first-board.md": {"PORT": SERVED},
}
LOADS = {
    "docs/howto/calibrate.md": "pico/mcp4922-8/resistor-500",
    "docs/tutorial/first-board.md": "pico/r2r-1/resistor-500",
}
# blocks of output alone, of the block of commands before them or of this command
OUTPUT_OF = {
    ("docs/tutorial/simulator.md", "load measured before arming"): "",
    ("docs/reference/profiles.md", "bad.yaml:7: programs[0].rate"): "scs check bad.yaml",
}
# blocks that are not run, and why
NOT_RUN = {
    ("README.md", "Tonic 50 Hz, guarded cathode"): "the demo's table: test_readme.py compares it",
    ("README.md", "$ make test ARGS="): "the suite itself: its number is counted below",
    ("docs/adr/README.md", "# NN. What was decided"): "a form, no output",
    ("docs/explain/architecture.md", "code = (2000"): "arithmetic: test_architecture.py holds it",
    ("docs/explain/chip.md", "make chip"): "fetches MicroPython and the boot ROM",
    ("docs/explain/chip.md", "scs sim --chip"): "needs MicroPython and the boot ROM",
    ("docs/explain/chip.md", "with Chip("): "needs MicroPython and the boot ROM",
    ("docs/explain/chip.md", "node run.mjs"): "generated from run.mjs",
    ("docs/explain/chip.md", "figure"): "measured by make chip, quoted by make docs",
    ("docs/explain/chip.md", "emulated seconds"): "measured by make chip, quoted by make docs",
    ("docs/explain/simulator.md", "host library"): "a drawing",
    ("docs/howto/record-and-compare.md", "base: 50.0 Hz"): "of the Python block: test_pages.py",
    ("docs/howto/test-in-ci.md", "pip install"): "installs the wheel: make example-ci",
    ("docs/howto/test-in-ci.md", "from scs.testing"): "tests: tests/host/testing runs them",
    ("docs/howto/test-in-ci.md", "E       scs.testing"): "their output: tests/host/testing",
    ("docs/howto/flash.md", "scs flash"): "needs a board without a simulator: a Pico",
    ("docs/reference/protocol.md", "0x00  COBS("): "the form of a frame",
    ("docs/tutorial/simulator.md", "make demo"): "sets up .venv: `scs demo` is in test_readme.py",
    ("docs/reference/sweeps.md", "pip install"): "installs what the tests have",
}
# commands of a block that is run, which are only parsed, and why
PARSED = {
    r"scs sim --": "serves until Ctrl-C",
    r"--watch": "until Ctrl-C: test_check_watch.py",
    r"scs flash ": "needs a Pico",
    r"--import operator\.key": "on another computer: test_pair.py",
    r"commands\.md.*scs sweep": "runs in docs/reference/sweeps.md",
    r"scs shift .*--for 10s --port": "holds each of three places for 10 s",
    r"reference/cli\.md": "generated, of every command's help: options of all, files of none",
    r"(README|commands)\.md.*--port /dev/": "needs a board, or a terminal of its own",
}
REFUSES = re.compile(  # commands whose exit code is 1: a fault, a refusal, a difference
    r"--fault|burst_at_0.6_mA|bad\.yaml|idea\.yaml|scs diff|scs compare monday other"
)
VARY = re.compile(  # lines whose numbers depend on the clock of a served board
    r"delivered at the previous contacts|the output was off for|load measured before arming"
)

ALL = blocks()
PAGES = sorted({block.page for block in ALL})
NAMED = re.compile(r"# (\w+\.yaml)\n")  # of a YAML block: the file that the reader writes


def listed(block: Block, table: dict[tuple[str, str], str]) -> tuple[str, str] | None:
    """Return the key in a table of the block that begins as the key says."""
    page, first = block.key
    return next((key for key in table if key[0] == page and first.startswith(key[1])), None)


def kind(block: Block) -> str:
    """Return yaml, mermaid, python, pycon, not run, output or commands."""
    if listed(block, NOT_RUN):
        return "not run"
    if block.language:
        return block.language
    return "output" if listed(block, OUTPUT_OF) else "commands"


def test_every_block_that_is_not_run_says_why_and_is_there() -> None:
    assert {key for block in ALL if (key := listed(block, NOT_RUN))} == set(NOT_RUN)
    assert {key for block in ALL if (key := listed(block, OUTPUT_OF))} == set(OUTPUT_OF)
    assert {kind(block) for block in ALL} <= {
        *("yaml", "mermaid", "python", "pycon", "not run", "output", "commands")
    }


def test_examples_with_a_prompt_are_of_docstrings_which_test_public_runs() -> None:
    pages = {block.page for block in ALL if block.language == "pycon"}
    assert pages == {"docs/reference/python-api.md"}


def varied(lines: list[str]) -> list[str]:
    return [re.sub(r"[\d.]+", "#", line) if VARY.search(line) else line for line in lines]


@pytest.fixture
def address(page: str) -> Iterator[str]:
    with serving(sim_bridge.listen(sim_bridge.make(LOADS.get(page, "")))) as server:
        yield server.address


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_run_and_print_what_it_shows(
    page: str, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in FILES.get(page, {}).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    here = {word: address if at is SERVED else at for word, at in HERE.get(page, {}).items()}
    monkeypatch.setenv(keys.FOLDER, str(tmp_path / "keys"))
    session = Session(tmp_path, here, monkeypatch)
    for block in (block for block in ALL if block.page == page):
        if kind(block) == "output":
            key = listed(block, OUTPUT_OF)
            if key and OUTPUT_OF[key]:
                session.run(OUTPUT_OF[key])
            printed = [line.removeprefix("error: ") for line in session.printed]
            assert shows(block.text.splitlines(), printed, part=True) == "", session.printed
        elif kind(block) == "python":
            exec(compile(block.text, page, "exec"), {})
        elif kind(block) == "yaml" and (named := NAMED.match(block.text)):
            (tmp_path / named[1]).write_text(block.text, encoding="utf-8")
        elif kind(block) == "commands":
            of_block(session, block)


def of_block(session: Session, block: Block) -> None:
    for command, shown in block.commands():
        if any(re.search(pattern, f"{block.page}: {command}") for pattern in PARSED):
            parsed(command)
        elif can_run(command):
            code = session.run(command)
            assert code == (1 if REFUSES.search(command) else 0), (command, session.printed)
            if shown:
                missing = shows(varied(shown), varied(session.printed))
                assert missing == "", (command, session.printed)


def test_the_readme_says_how_many_tests_it_shows() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    match = re.search(
        r"^\$ make test ARGS=(\S+)\n(\.+) +\[100%\]\n(\d+) passed", readme, re.MULTILINE
    )
    assert match is not None
    command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-n", "0", match[1]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    number = int(done.stdout.strip().rpartition(": ")[2])
    assert len(match[2]) == int(match[3]) == number
