"""The state machines' programs: sequencer_serial, sequencer_parallel and sentinel.

Role: what the PIO runs; assembled by MicroPython on the board and by scs_sim.pio.asm on a computer.
Invariants: the length of a phase, latch to latch, is its hold plus a fixed number of ticks,
whatever its flags; a record that is not whole in the FIFO is never begun; GATE is high only
while the sentinel watches.
Requirements: sequencer stall-off and sentinel in docs/explain/safety.md.

A record is two words: hold << 2 | flags, then the frame. Flags: 0 idle, 1 active, 2 active and
SYNC (3 is never made; it would run as 2). One tick is one cycle of the system clock: run every
state machine here with a clock divider of 1, and enable a sequencer only when its FIFO is full
or holds the whole train, for it judges the FIFO at once.

STATUS_N has no place in the decorator: write it to bits 3:0 of EXECCTRL, with STATUS_SEL (bit 4)
at 0, after each StateMachine.init. With STATUS_N = 0 the check never strikes.

MicroPython assembles a function with its module's globals hidden: only literals inside.
The numbers in the comments are ticks after the latch of the running phase; h is its hold.
"""

import rp2

TYPE_CHECKING = False  # MicroPython has no typing module
if TYPE_CHECKING:
    from rp2.asm_pio import *

STATUS_N = 2  # mov(y, status) is all ones while the TX FIFO holds less than one record
SENTINEL_START_TICKS = 4  # from the rise that the sentinel sees to its first counting turn

_LOW = rp2.PIO.OUT_LOW
_HIGH = rp2.PIO.OUT_HIGH


# Pins: out = DAC data, switch data; side-set = SCK, nCS; set = ACTIVE, SYNC, RUN.
# An MCP4922 and shift registers take a bit at each rise of SCK and latch when nCS rises (LDAC is
# tied low). It wants SCK <= 20 MHz, data 15 ns before and 10 ns after the rise, nCS low 40 ns
# before the first one: SCK is clock/8 (18.75 MHz at 150 MHz), all data margins are 4 ticks, and
# nCS falls 8 ticks ahead.
# Overhead 139 ticks: 2 to the hold loop, 1 for its last turn, 6 to fetch a record,
# 16 x 8 to shift it, 2 to tell the flags apart.
@rp2.asm_pio(
    out_init=[_LOW, _LOW],
    set_init=[_LOW, _LOW, _LOW],
    sideset_init=[_LOW, _HIGH],
    out_shiftdir=rp2.PIO.SHIFT_LEFT,
    pull_thresh=32,
    fifo_join=rp2.PIO.JOIN_TX,
)
def sequencer_serial() -> None:
    wrap_target()
    mov(y, status).side(0b10)  # h+3: is a whole record there?
    jmp(not_y, "load").side(0b10)  # h+4
    set(pins, 0b000).side(0b10)  # h+5: no: ACTIVE, SYNC and RUN low, the stage disconnects
    irq(rel(0)).side(0b10)
    label("dead")
    jmp("dead").side(0b10)  # until it is restarted, whatever arrives meanwhile
    label("load")
    pull(block).side(0b00)  # h+5: hold and flags; never blocks, two words are there
    out(x, 30).side(0b00)  # h+6
    out(y, 2).side(0b00)  # h+7
    pull(block).side(0b00)  # h+8: the next frame, shifted out while this phase is held
    label("bit")
    out(pins, 2).side(0b00)[3]  # h+9 ... h+136: most significant pair first
    jmp(not_osre, "bit").side(0b01)[3]
    jmp(y_dec, "active").side(0b00)  # h+137
    nop().side(0b00)  # h+138
    set(pins, 0b100).side(0b10)  # h+139 = LATCH of an idle record: RUN
    jmp("hold").side(0b10)  # 1
    label("active")
    jmp(not_y, "plain").side(0b00)  # h+138
    set(pins, 0b111).side(0b10)  # h+139 = LATCH of the first record of a period
    jmp("hold").side(0b10)  # 1
    label("plain")
    set(pins, 0b101).side(0b10)[1]  # h+139 = LATCH of any other active record
    label("hold")
    jmp(x_dec, "hold").side(0b10)  # 2 ... h+2
    wrap()


# Pins: out = the eight bits of the ladder; set = ACTIVE, SYNC, RUN.
# set() and out() are two instructions: ACTIVE, SYNC and RUN change one tick before the ladder,
# at every latch, so that an active run is as long on ACTIVE as it is on the ladder.
# Nothing disconnects a ladder: at start and when starved its code is mid-scale, 128.
# Overhead 12 ticks: 2 to the hold loop, 1 for its last turn, 6 to fetch a record, 3 to latch.
@rp2.asm_pio(
    out_init=[_LOW, _LOW, _LOW, _LOW, _LOW, _LOW, _LOW, _HIGH],
    set_init=[_LOW, _LOW, _LOW],
    out_shiftdir=rp2.PIO.SHIFT_LEFT,
    pull_thresh=32,
    fifo_join=rp2.PIO.JOIN_TX,
)
def sequencer_parallel() -> None:
    wrap_target()
    mov(y, status)  # h+3: is a whole record there?
    jmp(not_y, "load")  # h+4
    set(pins, 0b000)  # h+5: no: ACTIVE, SYNC and RUN low
    set(x, 1)
    mov(osr, reverse(x))
    out(pins, 8)  # h+8: mid-scale, no current
    irq(rel(0))
    label("dead")
    jmp("dead")  # until it is restarted, whatever arrives meanwhile
    label("load")
    pull(block)  # h+5: hold and flags; never blocks, two words are there
    out(x, 30)  # h+6
    out(y, 2)  # h+7
    pull(block)  # h+8: the next code, in bits 31:24
    jmp(y_dec, "active")  # h+9
    nop()  # h+10
    set(pins, 0b100)  # h+11: an idle record: RUN
    out(pins, 8)  # h+12 = LATCH
    jmp("hold")  # 1
    label("active")
    jmp(not_y, "plain")  # h+10
    set(pins, 0b111)  # h+11: the first record of a period
    out(pins, 8)  # h+12 = LATCH
    jmp("hold")  # 1
    label("plain")
    set(pins, 0b101)  # h+11: any other active record
    out(pins, 8)[1]  # h+12 = LATCH
    label("hold")
    jmp(x_dec, "hold")  # 2 ... h+2
    wrap()


# Pins: set = GATE; in_base and jmp_pin = ACTIVE, read back at the pin itself. Runs in PIO1.
# It takes a ceiling as its first word and only then raises GATE. At the start of each active run
# it takes the next ceiling if one waits in the FIFO, and otherwise keeps the last: a stream may
# be swapped for one with longer runs by putting the larger ceiling before the swap and the new
# one after it. When a run outlasts its ceiling GATE falls and stays low until a restart.
# The ceiling is that of a whole active run, not of one phase: ACTIVE stays high from a drive
# into a recharge that follows it directly (kernel.Stream.max_active_ticks is the longest run).
# So it cannot tell a drive that is stuck from a recharge within the run; what it does bound is
# how long current flows without an idle record, whatever the CPU, the DMA or the sequencer do.
# Ticks count from the wait that sees ACTIVE high, n is the ceiling in turns: a run of 2n+4 ticks
# or less never trips, a longer one trips at tick 2n+6, and with n = 0 every run trips. The pin's
# synchroniser adds 2. Runs must lie 6 ticks apart or more, to be seen as two.
@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
def sentinel() -> None:
    pull(block)  # no ceiling, no gate
    mov(isr, osr)
    set(pins, 1)  # GATE high: from here on every active run is watched
    wrap_target()
    wait(1, pin, 0)  # 0
    mov(x, isr)  # 1: pull(noblock) copies x when no word waits
    pull(noblock)  # 2
    mov(isr, osr)  # 3
    mov(x, osr)  # 4
    label("turn")
    jmp(x_dec, "look")  # 5, 7 ... 2n+5: falls through when the ceiling is used up
    set(pins, 0)  # 2n+6: GATE low
    irq(rel(0))
    label("dead")
    jmp("dead")
    label("look")
    jmp(pin, "turn")  # 6, 8 ... 2n+4: still active?
    wrap()


# Pins: none. Runs in PIO1 beside the sentinel. A word that one DMA channel brings when it has come
# to the end of a table makes the one request that another channel waits for: see dma_player.py.
@rp2.asm_pio()
def relay():
    pull(block)
    mov(isr, osr)
    push(block)


# Pins: in_base = SYNC, read back at the pin itself. Runs in PIO1. Its one word, pushed where a
# period begins, requests one transfer of the DMA channel that notes where the ADC is.
@rp2.asm_pio()
def sync_mark():
    wait(0, pin, 0)
    wait(1, pin, 0)
    push(noblock)
    label("done")
    jmp("done")  # until it is restarted


def sentinel_turns(ceiling_ticks: int) -> int:
    """Return the sentinel's word: a run of `ceiling_ticks` never trips, 2 ticks more do.

    GATE falls at most 3 ticks (and the synchroniser's 2) after the ceiling. A ceiling of fewer
    than 5 ticks lets no run pass at all.
    """
    return max(0, (ceiling_ticks + 1 - SENTINEL_START_TICKS) // 2)
