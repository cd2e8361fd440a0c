"""The stand-in assembler against adafruit-circuitpython-pioasm and against pinned opcodes."""

import sys

import pytest
from tests.support.pio import pio

from scs_sim.pio.asm import JOIN_TX, PIO, AssemblyError, assemble, rp2

# The programs once more, in the language of the RP2040's data sheet: double entry.
PIOASM = {
    "sequencer_serial": """
.program sequencer_serial
.side_set 2
.wrap_target
    mov y, status       side 2
    jmp !y load         side 2
    set pins, 0         side 2
    irq 0 rel           side 2
dead:
    jmp dead            side 2
load:
    pull block          side 0
    out x, 30           side 0
    out y, 2            side 0
    pull block          side 0
bit:
    out pins, 2         side 0 [3]
    jmp !osre bit       side 1 [3]
    jmp y-- active      side 0
    nop                 side 0
    set pins, 4         side 2
    jmp hold            side 2
active:
    jmp !y plain        side 0
    set pins, 7         side 2
    jmp hold            side 2
plain:
    set pins, 5         side 2 [1]
hold:
    jmp x-- hold        side 2
.wrap
""",
    "sequencer_parallel": """
.program sequencer_parallel
.wrap_target
    mov y, status
    jmp !y load
    set pins, 0
    set x, 1
    mov osr, ::x
    out pins, 8
    irq 0 rel
dead:
    jmp dead
load:
    pull block
    out x, 30
    out y, 2
    pull block
    jmp y-- active
    nop
    set pins, 4
    out pins, 8
    jmp hold
active:
    jmp !y plain
    set pins, 7
    out pins, 8
    jmp hold
plain:
    set pins, 5
    out pins, 8 [1]
hold:
    jmp x-- hold
.wrap
""",
    "sentinel": """
.program sentinel
    pull block
    mov isr, osr
    set pins, 1
.wrap_target
    wait 1 pin 0
    mov x, isr
    pull noblock
    mov isr, osr
    mov x, osr
turn:
    jmp x-- look
    set pins, 0
    irq 0 rel
dead:
    jmp dead
look:
    jmp pin turn
.wrap
""",
}

# What the board's self-test will find in its instruction memory.
PINNED = {
    "sequencer_serial": (
        "b045 1065 f000 d010 1004 80a0 603e 6042 80a0 6302 0be9 008f a042 f004 1013 0072 f007 1013"
        " f105 1053"
    ),
    "sequencer_parallel": (
        "a045 0068 e000 e021 a0f1 6008 c010 0007 80a0 603e 6042 80a0 0091 a042 e004 6008 0017 0075"
        " e007 6008 0017 e005 6108 0057"
    ),
    "sentinel": "80a0 a0c7 e001 20a0 a026 8080 a0c7 a027 004c e000 c010 000b 00c8",
}


@pytest.mark.parametrize("name", PIOASM)
def test_the_opcodes_are_those_of_another_assembler(name: str) -> None:
    pioasm = pytest.importorskip(
        "adafruit_pioasm", reason="adafruit-circuitpython-pioasm is not installed"
    )
    theirs = pioasm.Program(PIOASM[name])
    ours = assemble(name)
    assert ours.opcodes == tuple(theirs.assembled)
    assert ours.wrap_target == theirs.pio_kwargs["wrap_target"]
    assert ours.wrap == theirs.pio_kwargs["wrap"]
    assert ours.sideset_bits == theirs.pio_kwargs.get("sideset_pin_count", 0)
    assert ours.sideset_optional == theirs.pio_kwargs["sideset_enable"]


@pytest.mark.parametrize("name", PINNED)
def test_the_opcodes_are_pinned_and_fit_the_memory(name: str) -> None:
    program = assemble(name)
    assert " ".join(f"{opcode:04x}" for opcode in program.opcodes) == PINNED[name]
    assert len(program.opcodes) <= 32


def test_the_sequencers_shift_left_by_explicit_pulls_through_a_joined_fifo() -> None:
    for name in ("sequencer_serial", "sequencer_parallel"):
        program = assemble(name)
        assert not program.out_shift_right
        assert not program.autopull
        assert (program.pull_thresh, program.fifo_join, program.status_n) == (32, JOIN_TX, 2)


def test_before_the_first_record_every_line_is_idle() -> None:
    serial, parallel, sentinel = map(assemble, PIOASM)
    out_low, out_high = 2, 3
    assert serial.set_init == parallel.set_init == (out_low, out_low, out_low)
    assert serial.sideset_init == (out_low, out_high)  # SCK low, nCS high
    assert parallel.out_init == (out_low,) * 7 + (out_high,)  # 128: mid-scale
    assert sentinel.set_init == (out_low,)  # GATE


def test_every_instruction_form_is_encoded_as_in_the_data_sheet() -> None:
    program = pio("""
        word(0xA0EF)
        wait(1, gpio, 5)
        wait(0, pin, 2)
        wait(1, irq, 3)
        in_(x, 32)
        in_(pins, 1)
        out(exec, 16)
        out(pindirs, 5)
        push()
        push(iffull, noblock)
        pull(ifempty)
        pull(noblock)
        mov(exec, isr)
        mov(pins, invert(x))
        mov(pc, reverse(osr))
        irq(clear, 2)
        irq(block, rel(1))
        set(pindirs, 31)
        jmp(x_not_y, "end")
        jmp(pin, "end")
        label("end")
        jmp("end")
    """)
    by_hand = (
        "a0ef 2085 2022 20c3 4020 4001 60f0 6085 8020 8040 80e0 8080 a086 a009 a0b7 c042 c031 e09f"
        " 00b4 00d4 0014"
    )
    assert " ".join(f"{opcode:04x}" for opcode in program.opcodes) == by_hand
    assert (program.wrap_target, program.wrap) == (0, 20)


def test_an_optional_side_set_costs_a_bit_of_delay() -> None:
    program = pio("set(pins, 1).side(1)[7]; nop()[7]", set_init=2, sideset_init=2)
    assert program.sideset_optional
    assert program.opcodes == (0xE001 | 0x1F << 8, 0xA042 | 0x07 << 8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nop().side(1)[16]", "program, instruction 0: delay 16 > 15"),
        ("nop().side(2)", "side 2 needs more pins"),
        ('jmp("there").side(0)', "no label 'there'"),
        ('label("here"); label("here")', "label 'here' stands twice"),
        ("out(x, 0).side(0)", "bit count 0 is not in 1 to 32"),
        ("for _ in range(33): nop()", "33 instructions, the memory holds 1 to 32"),
        ("wrap_target()", "0 instructions"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(AssemblyError, match=message):
        pio(text, sideset_init=PIO.OUT_LOW)


def test_an_option_that_micropython_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="pull_threshold"):
        pio("nop()", pull_threshold=8)


def test_the_modules_globals_are_hidden_as_in_micropython() -> None:
    with pytest.raises(NameError, match="PINNED"):
        pio("set(pins, PINNED)")


def test_an_unknown_program_is_answered_with_those_there_are() -> None:
    with pytest.raises(KeyError, match="sentinel, sequencer_parallel, sequencer_serial"):
        assemble("sequencer")


def test_the_stand_in_leaves_no_rp2_behind() -> None:
    assemble("sentinel")
    assert sys.modules.get("rp2") is not rp2
