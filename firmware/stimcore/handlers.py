"""The commands' handlers: one function per row of commands.TABLE.

Role: (device, fields) -> the reply's fields, or Refused with nothing changed.
Invariant: the state table has already let the command through. Requirements: REQ-22, REQ-33,
REQ-36, REQ-37, REQ-44 to REQ-46.
"""

import binascii
import struct

from . import (
    VERSION,
    charge,
    checks,
    commands,
    errors,
    handlers_load,
    limits,
    output,
    program,
    states,
    store,
)
from .errors import Refused


def _hello(device, protocol: int) -> tuple:
    if protocol != commands.PROTOCOL:
        raise Refused(errors.BAD_VERSION, 0, protocol, commands.PROTOCOL)
    return (
        commands.PROTOCOL,
        device.digests[0],
        device.digests[1],
        device.state,
        device.hal.reset_cause(),
        int.from_bytes(device.hal.unique_id(), "big"),
        (VERSION + " " + device.board.name).encode(),
    )


def _status(device) -> tuple:
    stopped, periods, pulses = device.counts()
    levels = b""
    if device.output is not None:
        flowing_ua, targets_ua = device.output.live_ua, device.output.train.targets_ua
        for at in range(len(targets_ua)):
            levels += struct.pack("<II", flowing_ua[at], targets_ua[at])
    code, index, value, limit = device.fault
    current, voltage = device.monitor.current_na, device.monitor.voltage_mv
    return (
        device.state,
        code,
        index,
        value,
        limit,
        device.now_ms,
        device.lease_left_ms(),
        stopped,
        periods,
        pulses,
        device.dialogue.decoder.errors,
        current[0],
        current[1],
        voltage[0],
        voltage[1],
        device.hash,
        levels,
    )


def _stage_begin(device, length: int, crc: int) -> tuple:
    if not program.blob_length(1) <= length <= program.LONGEST:
        raise Refused(errors.STAGE_RANGE, 0, length, program.LONGEST)
    device.staged = bytearray()
    device.staged_length = length
    device.staged_crc = crc
    return ()


def _stage_data(device, offset: int, piece: bytes) -> tuple:
    if offset != len(device.staged) or not piece or len(piece) > commands.PIECE_BYTES:
        raise Refused(errors.STAGE_RANGE, 0, offset, len(device.staged))
    if offset + len(piece) > device.staged_length:
        raise Refused(errors.STAGE_RANGE, 1, offset + len(piece), device.staged_length)
    device.staged.extend(piece)
    return ()


def _commit(device) -> tuple:
    blob = bytes(device.staged)
    if len(blob) != device.staged_length or not blob:
        raise Refused(errors.STAGE_RANGE, 2, len(blob), device.staged_length)
    if binascii.crc32(blob) & 0xFFFFFFFF != device.staged_crc:
        raise Refused(errors.STAGE_CRC)
    return _load(device, blob)


def _load(device, blob: bytes) -> tuple:
    """Validate a program whole and make it the loaded one; its hash and figures."""
    group = program.unpack(blob)
    checks.validate(group)
    candidate = output.Output(device.board, device.hal, group)
    figures = candidate.figures()
    device.output = candidate
    device.hash = program.digest(blob)
    device.move("commit")
    return (device.hash, _pack_figures(figures))


def _pack_figures(figures: list) -> bytes:
    return b"".join([struct.pack(commands.FIGURE, *row) for row in figures])


def _figures(device) -> tuple:
    return (_pack_figures(device.output.figures()),)


def _arm(device, digest: int) -> tuple:
    if digest != device.hash:
        raise Refused(errors.HASH_MISMATCH, 0, digest, device.hash)
    if device.unfit:
        raise Refused(*device.unfit)
    reading = handlers_load.declared(device)
    device.output.prepare()
    device.move("arm")
    return (reading,)


def _start(device) -> tuple:
    device.start()
    return ()


def _stop(device) -> tuple:
    device.stop(commands.STOP_COMMAND)
    return ()


def _halt(device) -> tuple:
    device.halt()  # again: it was obeyed when it came, before the commands ahead of it
    return ()


def _amplitude(device, number: int, amplitude_ua: int) -> tuple:
    out = device.output
    out.retarget(number, amplitude_ua)
    if device.state == states.ARMED:
        out.prepare()  # the stream that ARM staged was made for the old target
    board = device.board
    codes = (amplitude_ua * 1000 + board.na_per_code // 2) // board.na_per_code
    return (codes * board.na_per_code, out.settles_in_ms(number))


def _ledger(device) -> tuple:
    book = device.book()
    sums = b""
    for index in range(limits.CONTACTS):
        driven = charge.picocoulombs(device.board, book.driven[index])
        net = charge.picocoulombs(device.board, book.net[index])
        sums += struct.pack("<qq", driven, net if book.net[index] > 0 else -net)
    return (
        book.pulses,
        book.truncated,
        book.periods,
        book.start_ms,
        book.stop_ms,
        book.output_us // 1000,
        book.stopped,
        sums,
    )


def _clear_fault(device) -> tuple:
    device.fault = (errors.OK, 0, 0, 0)
    _forget(device)
    device.move("clear")
    return ()


def _unload(device) -> tuple:
    _forget(device)
    device.move("unload")
    return ()


def _forget(device) -> None:
    """Forget the loaded and the staged program."""
    device.output = None
    device.hash = 0
    device.staged = bytearray()


def _maintenance(device) -> tuple:
    device.leaving = True
    return ()


# --- the store -------------------------------------------------------------------------------
def _known(slot: int) -> int:
    if slot >= limits.GROUP_SLOTS:
        raise Refused(errors.SLOT_RANGE, slot, slot, limits.GROUP_SLOTS - 1)
    return slot


def _save(device, slot: int) -> tuple:
    blob = program.pack(device.output.group)
    if program.digest(blob) != device.hash:  # changed in memory since it was committed
        raise Refused(errors.HASH_MISMATCH, 0, program.digest(blob), device.hash)
    store.write(device.hal, _known(slot), blob)
    return (device.hash,)


def _recall(device, slot: int) -> tuple:
    blob, damaged = store.read(device.hal, _known(slot))
    if not blob:
        raise Refused(errors.SLOT_DAMAGED if damaged else errors.SLOT_EMPTY, slot)
    return _load(device, blob)


def _slots(device) -> tuple:
    rows = b""
    for slot in range(limits.GROUP_SLOTS):
        blob, damaged = store.read(device.hal, slot)
        if blob or damaged:
            digest = program.digest(blob) if blob else 0
            rows += struct.pack(commands.SLOT, slot, int(damaged), len(blob), digest)
    return (rows,)


def _erase(device, slot: int) -> tuple:
    store.erase(device.hal, _known(slot))
    return ()


TABLE: dict = {
    commands.HELLO: _hello,
    commands.STATUS: _status,
    commands.STAGE_BEGIN: _stage_begin,
    commands.STAGE_DATA: _stage_data,
    commands.COMMIT: _commit,
    commands.ARM: _arm,
    commands.START: _start,
    commands.STOP: _stop,
    commands.HALT: _halt,
    commands.AMPLITUDE: _amplitude,
    commands.LEDGER: _ledger,
    commands.CLEAR_FAULT: _clear_fault,
    commands.FIGURES: _figures,
    commands.MAINTENANCE: _maintenance,
    commands.UNLOAD: _unload,
    commands.SAVE: _save,
    commands.RECALL: _recall,
    commands.SLOTS: _slots,
    commands.ERASE: _erase,
}
TABLE.update(handlers_load.TABLE)
