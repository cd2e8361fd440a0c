"""Register access in viper, immediate and without allocating.

Role: the gate, the cut, the position of the output; addresses of RP2040 and RP2350.
Invariant: nothing here allocates, so that an interrupt may call it; the gate falls before anything
else is touched. Requirements: REQ-33, REQ-50 to REQ-53.

A plan is an array of 32-bit words, a sight another one: what is where, and what was seen. All
offsets are those of the RP2040's data sheet, 2.5 (DMA), 3.7 (PIO), 2.19 (GPIO), 4.9 (ADC). Where
the RP2350's (12.6, 11.7, 9.11, 12.4) differ, the table has both; all others were compared, field
by field, with the register headers of the Pico SDK 2.2.0. No RP2350 has run this.
"""

import micropython

# chip: (IO_BANK0, lowest bit of OUTOVER, ADC, its DREQ, STATUS_SEL and STATUS_N of EXECCTRL,
#        WATCHDOG, most transfers of one channel, CHAN_ABORT, the microsecond timer)
CHIPS = {
    "rp2040": (0x40014000, 8, 0x4004C000, 36, 0x1F, 0x40058000, 0xFFFFFFFF, 0x50000444, 0x40054000),
    "rp2350": (
        0x40028000,
        12,
        0x400A0000,
        48,
        0x7F,
        0x400D8000,
        0x0FFFFFFF,
        0x50000464,
        0x400B0000,
    ),
}
DMA = 0x50000000
PIO0 = 0x50200000
PIO1 = 0x50300000
CHANNEL = 0x40  # bytes of one DMA channel's registers
TXF0 = 0x10
RXF0 = 0x20
SM0 = 0xC8  # CLKDIV, EXECCTRL, SHIFTCTRL, ADDR, INSTR, PINCTRL of a state machine
EXECCTRL = SM0 + 4
AL3_TRANS_COUNT = 0x38  # and READ_ADDR_TRIG after it
LOW = 2  # OUTOVER: drive low, whatever the peripheral says

# a plan
GATE = 0  # address of the gate pin's CTRL
GATE_LOW = 1  # the word for it that holds the gate low
FEED = 2  # address of the data channel's TRANS_COUNT
TICKETS = 3  # address of the ticket channel's TRANS_COUNT
PERIODS = 4  # the ticket channel's initial count
ABORT = 5  # bit mask of the four channels
CHANNELS = 6  # … and the addresses of their AL1_CTRL
SIDE = 10  # side-set bits of an instruction that the CPU has the sequencer execute
OFF = 11  # the instruction that leads to the sequencer's own way out
BASE = 12  # where the sequencer's program lies in PIO0
AHEAD = 13  # bit i: at its instruction i a whole record is taken that is not yet latched
ABORT_AT = 14  # address of CHAN_ABORT
HOLD = 15  # the instruction that holds a record
PLAN_WORDS = 16

# a sight
TAKEN = 0  # tickets taken: periods that DMA has begun
LEFT = 1  # words that DMA has still to fetch of the period it is in
FIFO = 2  # words in the sequencer's FIFO
PC = 3  # the sequencer's next instruction
FLAGS = 4  # PIO0's interrupt flags: bit 0, the sequencer ran out of words
TRIPS = 5  # PIO1's: bit 0, the sentinel tripped
X = 6  # the sequencer's X: the rest of its hold
PAIRS = 7  # pairs of bits it has still to shift
IS_CUT = 8  # 1: the output was cut and this sight is final
PERIOD = 9  # the period whose record is held
RECORD = 10  # … and the record
HELD = 11  # 1: one is; 0: none was latched yet
ENDED_AT = 12  # the number of periods that end_early() ended it after; 0: it did not
SIGHT_WORDS = 13

# the tables: the total of periods (0: no end), how many tables, then (first period, words) of each
TABLES_MOST = 4


@micropython.viper
def poke(address: uint, value: uint):
    """Write a register."""
    ptr32(address)[0] = value


@micropython.viper
def peek(address: uint) -> uint:
    """Read a register."""
    return uint(ptr32(address)[0])


def microseconds(timer: int) -> int:
    """Return the time since power-on: the timer's 64 bits (TIMERAWH, TIMERAWL)."""
    high = peek(timer + 0x24)
    low = peek(timer + 0x28)
    again = peek(timer + 0x24)
    return again << 32 | (low if again == high else 0)


@micropython.viper
def see(plan: ptr32, sight: ptr32):
    """Read the position of the output; repeat until DMA was not moving, at most 50 times."""
    pio = ptr32(0x50200000)
    tickets = ptr32(plan[3])
    feed = ptr32(plan[2])
    looks = 0
    while looks < 50:
        taken = plan[4] - tickets[0]
        left = feed[0]
        sight[0] = taken
        sight[1] = left
        sight[2] = pio[3] & 15  # FLEVEL of state machine 0
        sight[3] = pio[53]  # its ADDR, 0xd4
        sight[4] = pio[12]  # IRQ
        sight[5] = ptr32(0x50300000)[12]
        if plan[4] - tickets[0] == taken and feed[0] == left and left:
            return
        looks += 1


@micropython.viper
def place(plan: ptr32, sight: ptr32, tables: ptr32):
    """Compute the period and record being held: DMA's position less what is in the FIFO."""
    taken = sight[0]
    if tables[0] and taken > tables[0]:
        taken = tables[0]  # the last ticket named no table
    period = taken - 1
    words = int(words_of(tables, period)) - sight[1] - sight[2]
    while words < 0 and period > 0:
        period -= 1
        words += int(words_of(tables, period))
    record = (words >> 1) - 1
    if not words & 1 and (plan[13] >> (sight[3] - plan[12])) & 1:
        record -= 1
    while record < 0 and period > 0:
        period -= 1
        record += int(words_of(tables, period)) >> 1
    sight[11] = 1
    if record < 0:
        record = 0
        sight[11] = 0
    sight[9] = period
    sight[10] = record


@micropython.viper
def words_of(tables: ptr32, period: int) -> int:
    """Return the number of words in the table that a period plays."""
    at = 2 * tables[1]
    while at > 2 and tables[at] > period:
        at -= 2
    return tables[at + 1]


@micropython.viper
def cut(plan: ptr32, sight: ptr32):
    """Lower the gate now; then stop the sequencer and DMA, and keep their positions."""
    gate = ptr32(plan[0])
    gate[0] = plan[1]
    ptr32(0x50203000)[0] = 1  # PIO0 CTRL, clear alias: state machine 0 stands
    if sight[8]:
        return
    sight[8] = 1
    see(plan, sight)
    at = 6
    while at < 10:
        channel = ptr32(plan[at])
        channel[0] = channel[0] & -2  # not enabled: a chain cannot start it again
        at += 1
    abort = ptr32(plan[14])
    abort[0] = plan[5]
    pio = ptr32(0x50200000)
    side = plan[10]
    joined = 1
    joined <<= 30  # FJOIN_TX; a literal of 31 bits would be an object
    pio[52] = pio[52] & ~joined  # SHIFTCTRL: now there is an RX FIFO
    pio[54] = 0xA0C1 | side  # mov(isr, x)
    pio[54] = 0x8000 | side  # push(noblock)
    sight[6] = pio[8]  # RXF0
    pairs = 0
    while pairs < 16:
        pio[54] = 0x0000 | side  # jmp(0)
        pio[54] = 0x00FF | side  # jmp(not_osre, 31)
        if pio[53] != 31:
            break
        pio[54] = 0x6062 | side  # out(null, 2)
        pairs += 1
    sight[7] = pairs
    pio[54] = plan[11]  # RUN and ACTIVE low, a ladder at its middle
    ptr32(0x50202000)[0] = 1  # CTRL, set alias


def rewind(plan):
    """Put the stopped sequencer at its beginning, with nCS high.

    StateMachine.restart() would lower nCS, and START raise it again: an edge at which the contact
    switches take what was shifted last, whole or not.
    """
    poke(PIO0 + 0x2000, 1 << 4)  # CTRL, set alias: SM_RESTART of state machine 0
    poke(PIO0 + SM0 + 16, plan[BASE] | plan[SIDE])  # INSTR: jmp to the beginning


@micropython.viper
def end_early(plan: ptr32, sight: ptr32, tables: ptr32, number: int):
    """Cut, where the last record of the period before `number` is held; else nothing happens.

    While it is held nothing of the next period has been latched. Whether it still is, is asked
    right before the gate falls, and what was cut is then looked at like any other cut.
    """
    if sight[8]:
        return
    see(plan, sight)
    place(plan, sight, tables)
    last = (int(words_of(tables, number - 1)) >> 1) - 1
    if sight[3] != plan[15] or sight[9] != number - 1 or sight[10] != last:
        return
    pio = ptr32(0x50200000)
    feed = ptr32(plan[2])
    gate = ptr32(plan[0])
    low = plan[1]
    left = sight[1]
    level = sight[2]
    hold = plan[15]
    if feed[0] == left and pio[3] & 15 == level and pio[53] == hold:
        gate[0] = low
        sight[12] = number
        cut(plan, sight)


@micropython.viper
def swap(plan: ptr32, cell: ptr32, pointer: int, low: uint, high: uint) -> int:
    """Name the table that follows; the number of the period from which on it does.

    Call it with interrupts off. low, high: where the table lies, or 0 where the output ends.
    A table named while DMA is in a period, seen before and after, follows that period. Otherwise
    DMA has just then turned, and which table it is in says which way it went.
    """
    tickets = ptr32(plan[3])
    feed = ptr32(plan[2])
    taken = plan[4] - tickets[0]
    before = feed[0]
    cell[0] = pointer
    after = feed[0]
    if after and after <= before and plan[4] - tickets[0] == taken:
        return taken
    looks = 0
    while looks < 50 and feed[0] == 0:
        looks += 1
    taken = plan[4] - tickets[0]
    at = uint(ptr32(plan[2] - 8)[0])  # READ_ADDR
    if low <= at and at <= high:
        return taken - 1
    if feed[0] == 0 and tickets[0]:
        return taken - 1  # the last ticket named no table
    return taken
