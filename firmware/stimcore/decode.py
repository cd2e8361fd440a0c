"""Words -> records as the sequencer will play them. The kernel's own decoder.

Role: reads the table back from the very bytes that DMA will stream; it shares no code with
pio_records.py. Invariant: every bit of every word is accounted for, else FRAME_FORMAT.
Requirements: REQ-10 to REQ-14, REQ-16.
"""

from . import board as boards
from . import errors
from .board import Board

# one record: (ticks, active, sync, cathode mask, anode mask, signed code, discharge)
DIRECT = 1  # discharge: every contact in use to the anode side
SOFT = 2  # discharge: a pulse's own contacts, through the stage's discharge resistor


def record(board: Board, words: bytes, at: int) -> tuple:
    """Decode ((ticks, active, sync, cathodes, anodes, code, discharge), frame has a known form)."""
    base = 8 * at
    low = words[base] | words[base + 1] << 8
    high = words[base + 2] | words[base + 3] << 8
    flags = low & 3
    ticks = (high << 14 | low >> 2) + board.overhead_ticks
    cathodes, anodes, code, known = _frame(board, words[base + 4 : base + 8])
    discharge = 0
    if cathodes == 0:
        discharge = DIRECT if anodes else 0
    elif code == 0 and flags == 0 and anodes and board.soft_tau_us:
        discharge = SOFT
    return (ticks, flags != 0, flags == 2, cathodes, anodes, code, discharge), known and flags != 3


_FRAMES_KEPT = 32
_frames: dict = {}  # by their very bits: a table has few different ones
_frames_of: list = [None]  # the board that they are of


def _frame(board: Board, bits: bytes) -> tuple:
    """Decode a frame word: (cathode mask, anode mask, code, frame has a known form)."""
    if _frames_of[0] is not board or len(_frames) >= _FRAMES_KEPT:
        _frames.clear()
        _frames_of[0] = board
    fields = _frames.get(bits)
    if fields is None:
        low, high = bits[0] | bits[1] << 8, bits[2] | bits[3] << 8
        if board.stage == boards.STAGE_R2R_1:
            fields = _network(board, high, low)
        else:
            fields = _switched(board, high, low)
        _frames[bits] = fields
    return fields


def _network(board: Board, high: int, low: int) -> tuple:
    """Decode R-2R: eight bits of code; the middle code discharges the load through the network."""
    code = (high >> 8) - board.code_mid
    known = low == 0 and high & 255 == 0 and abs(code) <= board.code_span
    if code:
        return 1, 2, code, known
    return 0, 3, 0, known


def _switched(board: Board, high: int, low: int) -> tuple:
    """Decode the MCP4922 on the even bits, the switch register on the odd ones."""
    dac = _even_bits(high) << 8 | _even_bits(low)
    cathodes = _even_bits(high >> 1)
    anodes = _even_bits(low >> 1)
    code = (dac & 0x0FFF) - board.code_mid
    known = dac >> 12 == 3 and abs(code) <= board.code_span  # 3: channel A, gain 1, on
    return cathodes, anodes, code, known


def _even_bits(half: int) -> int:
    """Return the byte whose bit i is bit 2i of a 16-bit half."""
    half &= 0x5555
    half = (half | half >> 1) & 0x3333
    half = (half | half >> 2) & 0x0F0F
    return (half | half >> 4) & 0xFF


def table(board: Board, words: bytes) -> tuple:
    """Decode a whole table: (records, structural refusals as rows (code, index, value, limit)).

    Rests of one kind that follow each other are one record, as long as all of them.
    A table that drives nothing at all is a train of marks: each of its active records is a SYNC.
    """
    records: list = []
    places: list = []  # of the records that are not the same rest as the one before
    rows: list = []
    syncs = used = 0
    silent, softly = True, False
    before = b""
    for at in range(len(words) // 8):
        bits = words[8 * at : 8 * at + 8]
        if bits == before and bits[0] & 3 == 0:
            records.append(records[-1])
            continue
        before = bits
        entry, known = record(board, bits, 0)
        records.append(entry)
        places.append(at)
        if not known:
            rows.append((errors.FRAME_FORMAT, at, at, 0))
        syncs += entry[2]
        softly = softly or entry[6] == SOFT
        if entry[1]:
            used |= entry[3] | entry[4]
        if entry[3] or entry[5]:
            silent = False
    for at in places:
        _structure(board, records[at], at, silent, rows)
    _switching(records, used, rows)
    if softly:
        _softly(records, rows)
    if not records[0][2] or (syncs != 1 and not silent):
        rows.append((errors.NO_SYNC, 0, syncs, 1))
    if records[-1][1]:
        rows.append((errors.ACTIVE_NO_END, len(records) - 1, len(records) - 1, len(records) - 2))
    return _merged(records), rows


def repeats(words: bytes, at: int) -> bool:
    """Return True if a record is bit by bit the same as the one before it."""
    return words[8 * at : 8 * at + 8] == words[8 * at - 8 : 8 * at]


def _merged(records: list) -> list:
    out: list = []
    before = None
    for entry in records:
        if out and not entry[1] and (entry is before or entry[1:] == out[-1][1:]):
            out[-1] = (out[-1][0] + entry[0],) + entry[1:]
        else:
            out.append(entry)
        before = entry
    return out


def _structure(board: Board, entry: tuple, at: int, silent: bool, rows: list) -> None:
    ticks, active, sync, cathodes, anodes, code, discharge = entry
    drives = code != 0 or (cathodes != 0 and discharge != SOFT)
    if ticks < board.min_record_ticks:
        rows.append((errors.SHORT_RECORD, at, ticks, board.min_record_ticks))
    flagged = sync if silent else code != 0
    if active != flagged or (drives and not active):
        rows.append((errors.ACTIVE_FLAG, at, int(active), int(code != 0)))
    if cathodes & anodes:
        rows.append((errors.OVERLAP, at, cathodes & anodes, 0))
    if drives and not anodes:
        rows.append((errors.NO_ANODE, at, 0, 1))
    if drives and not cathodes:
        rows.append((errors.NO_CATHODE, at, 0, 1))
    if (cathodes | anodes) >> board.contacts:
        rows.append((errors.CONTACT_UNKNOWN, at, cathodes | anodes, (1 << board.contacts) - 1))


def _switching(records: list, used: int, rows: list) -> None:
    """Check that no contact is switched under current; a discharge joins all that are in use.

    A discharge of some of them moves charge between these and leaves the others' where it is; one
    of a single contact has no circuit at all.
    """
    before = 0
    for at in range(len(records)):
        entry = records[at]
        masks = 0
        if entry[1]:
            masks = entry[3] << 8 | entry[4]
            if before and masks != before:
                rows.append((errors.LIVE_SWITCH, at, masks, before))
        before = masks
        if entry[6] == DIRECT and entry[4] != used:
            rows.append((errors.PART_DISCHARGE, at, entry[4], used))


def _softly(records: list, rows: list) -> None:
    """Refuse a soft discharge of other contacts than those of the pulse before it, or after
    different contacts were driven since the last full discharge."""
    last = 0
    for at in range(len(records)):
        _ticks, active, _sync, cathodes, anodes, _code, discharge = records[at]
        masks = cathodes << 8 | anodes
        if active:
            last = masks if last in (0, masks) else -1
        elif discharge == DIRECT:
            last = 0
        elif discharge and masks != last:
            rows.append((errors.PART_DISCHARGE, at, masks, max(last, 0)))
