"""Steps on which both interpreters must agree: programs, words, verdicts, frames.

Role: runs under CPython and in the MicroPython VM and prints lines; the two outputs are compared
byte for byte. Invariant: nothing but what MicroPython has, no random module, no time.
"""

import binascii

from stimcore import (
    board,
    checks,
    commands,
    frame,
    kernel,
    limits,
    output,
    period,
    pio_records,
    program,
)
from stimcore.errors import Refused

GROUPS_A_STEP = 25
STEPS = 13  # 0: tables; 1 to 10: random groups; 11: frames; 12: field by field
CPU_HZ = 125_000_000
SENSE = (0, 12_500, 0, 8_000)
PLAIN = (0, 1, 0, 0, 0, 1, 0, 0, 0, ())  # alternating to segments: what a plain pulse has


def bench_board(stage: int) -> board.Board:
    """Return a board of hand-written figures: this comparison needs no boards.yaml."""
    if stage == board.STAGE_R2R_1:
        taus = (10_000, 10_000, 3_500, 0, 0, 20_000)
        analog = (2, 8_000, 128, 127, 12, 64, 1_650)
        errors = (20_000, 8_000)
        return board.Board(
            "pico/r2r-1/r",
            CPU_HZ,
            stage,
            *analog,
            *taus,
            *errors,
            *_load(),
            1_000_000,
            1_000_000,
            *SENSE,
        )
    taus = (2_000, 650, 450, 6_200, 5_400, 8_900)  # rest, direct, its least, soft, its least, bleed
    analog = (8, 6_250, 2048, 2047, 40, 80, 15_000)
    errors = (5_000, 2_000)
    return board.Board(
        "pico/mcp/rc",
        CPU_HZ,
        stage,
        *analog,
        *taus,
        *errors,
        *_load(),
        12_500_000,
        10_000_000,
        *SENSE,
    )


def _load() -> tuple:
    return (2048, 500, 2_500, 500, 0, 50, 2_815, 20)


class Lcg:
    """A linear congruential generator (the constants of ANSI C) in 31 bits."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, limit: int) -> int:
        self.state = (self.state * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        return (self.state >> 8) % limit

    def pick(self, values: tuple) -> int:
        return values[self.below(len(values))]

    def raw(self, count: int) -> bytes:
        return bytes([self.below(256) for _ in range(count)])


def line(label: str, data: bytes) -> None:
    print(label, binascii.hexlify(data).decode())


def refusal(label: str, refused: Refused) -> None:
    rows = getattr(refused, "rows", (refused.args,))
    print(label, "refused", [tuple(row) for row in rows])


def step(number: int) -> None:
    """Print the lines of one step."""
    if number == 0:
        _tables()
    elif number <= 10:
        lcg = Lcg(number)
        for at in range(GROUPS_A_STEP):
            _group(f"group {number}.{at}", lcg)
    elif number == 11:
        _frames(Lcg(7))
    else:
        _fields()


def _tables() -> None:
    print("digest", commands.tables_digest())
    for stage in (board.STAGE_MCP4922_8, board.STAGE_R2R_1):
        print("board", commands.board_digest(bench_board(stage)))


# --- groups ----------------------------------------------------------------------------------
def _program(lcg: Lcg, rate_millihz: int, count: int, offset_ns: int) -> program.Program:
    """Draw a program, mostly good: about one in three is refused, so refusals are compared too."""
    cathodes = 1 << lcg.below(8)
    anodes = (1 << lcg.below(8) | 1 << lcg.below(8)) & ~cathodes or cathodes ^ 255
    burst = lcg.below(3) == 0
    recharge = lcg.below(3 if burst else 2)
    gap_ns = lcg.pick((0, 0, 10_000, 30_000, 123_456))
    alternating, rate_dither, width_dither, seed, others, segments = _more(lcg, count)
    if segments and lcg.below(4):
        recharge, gap_ns = program.RECHARGE_PASSIVE, 0
    return program.Program(
        cathodes,
        anodes,
        program.BURST if burst else program.TONIC,
        recharge,
        lcg.pick((1, 1, 2, 3, 4, 7, 10)),
        2 + lcg.below(5) if burst else 1,
        rate_millihz,
        400_000 + lcg.below(400_000) if burst else 0,
        6 + lcg.below(4_000),
        4_006 + lcg.below(2_000),
        10_000 + lcg.below(400_000),
        gap_ns,
        alternating,
        count,
        offset_ns,
        rate_dither,
        width_dither,
        seed,
        others[0],
        others[1],
        others[2],
        segments,
    )


def _more(lcg: Lcg, count: int) -> tuple:
    """Make some programs alternating, dithered, at other contacts by turns, or shaped."""
    kind = lcg.below(8)
    nowhere = (0, 0, 0)
    if kind == 0:
        return (1, 0, 0, 1, nowhere, ())
    if kind == 1:
        return (0, lcg.below(500), lcg.below(300), 1 + lcg.below(65_535), nowhere, ())
    if kind == 2:
        share, ns = 1 + lcg.below(999), 30_000 + lcg.below(100_000)
        return (0, 0, 0, 1, nowhere, ((share, ns), (-1_000, ns), (1_000 - share, ns)))
    if kind == 3 and count > 1:
        mask = 1 << lcg.below(7)
        return (0, 0, 0, 1, (mask, mask << 1, 1 + lcg.below(count - 1)), ())
    return (0, 0, 0, 1, nowhere, ())


def _some_group(lcg: Lcg) -> program.Group:
    rate_millihz = lcg.pick((2_000, 20_000, 40_000, 50_000, 90_500, 130_000, 1_000_000))
    flags, permitted = lcg.pick((0, 1, 0, 1, 2)), lcg.pick((1_000, 1_000, 2_000))
    header = program.Header(flags, 2_000, 60_000, 500, 0, 0, 10_000, 0, permitted)
    count = lcg.pick((1, 2, 2, 6))
    many = 1 + lcg.below(2)
    part = 1_000_000_000_000 // rate_millihz // many
    programs = [_program(lcg, rate_millihz, count, at * part) for at in range(many)]
    return program.Group(header, (12_440_000,) * limits.CONTACTS, tuple(programs))


def _group(label: str, lcg: Lcg) -> None:
    group = _some_group(lcg)
    blob = program.pack(group)
    line(label, blob)
    try:
        checks.validate(program.unpack(blob))
        row = bench_board(board.STAGE_MCP4922_8)
        levels = tuple([member.amplitude_ua for member in group.programs])
        words = pio_records.encode(row, period.compile_group(row, group, levels))
    except Refused as refused:
        refusal(label, refused)
        return
    line(label + " words", words)
    terms = output.terms(group, None)
    _verdict(label, kernel.admit(words, row, terms))
    spoilt = bytearray(words)
    at = lcg.below(len(spoilt))
    spoilt[at] ^= 1 << lcg.below(8)
    _verdict(label + " spoilt", kernel.admit(bytes(spoilt), row, terms))


def _verdict(label: str, verdict: kernel.Verdict) -> None:
    print(label, "errors", verdict.errors)
    print(label, "figures", verdict.figures)
    stream = verdict.stream
    if stream is not None:
        print(label, "stream", stream.crc, stream.period_ticks, stream.max_active_ticks)


# --- frames ----------------------------------------------------------------------------------
def _frames(lcg: Lcg) -> None:
    """Draw frames of every awkward length, whole, cut, flipped and run together."""
    decoder = frame.Decoder()
    for length in (0, 1, 5, 246, 247, 248, 249, 250, 253, 254, 255, 256, 507, 508, 1024):
        payload = lcg.raw(length) if length % 2 else bytes([1 + lcg.below(255)] * length)
        sent = bytearray(frame.encode(length & 255, lcg.below(128), payload))
        line("frame", sent)
        _fed(decoder, sent)
        sent[lcg.below(len(sent))] ^= 1 << lcg.below(8)
        _fed(decoder, sent + lcg.raw(lcg.below(9)))
        _fed(decoder, sent[: lcg.below(len(sent))])
    print("frame errors", decoder.errors)


def _fed(decoder: frame.Decoder, data: bytes) -> None:
    for sequence, opcode, payload in decoder.feed(bytes(data)):
        line(f"decoded {sequence} {opcode}", payload)


# --- every field at its edges ----------------------------------------------------------------
def _fields() -> None:
    header = program.Header(0, 2_000, 500, 500, 0, 0, 0, 0, 1_000)
    member = program.Program(1, 2, 0, 0, 1, 1, 50_000, 0, 1_000, 2_000, 200_000, 0, *PLAIN)
    for rows, base in ((program.HEADER, 0), (program.PROGRAM, 1)):
        for at, row in enumerate(rows):
            for value in (row[2] - 1, row[2], row[3], row[3] + 1):
                if value < 0 or value >= 1 << {"B": 8, "H": 16, "I": 32}[row[1]]:
                    continue
                changed = list(member if base else header)
                changed[at] = value
                if row[0] == "segments":
                    changed[at] = tuple([(9 - at % 2 * 18, 1_000) for at in range(value)])
                    changed[3] = program.RECHARGE_PASSIVE
                _edge(f"{row[0]} {value}", header, member, changed, base)


def _edge(
    label: str, header: program.Header, member: program.Program, changed: list, base: int
) -> None:
    if base:
        member = program.Program(*changed)
    else:
        header = program.Header(*changed)
    group = program.Group(header, (12_440_000,) * limits.CONTACTS, (member,))
    blob = program.pack(group)
    try:
        checks.validate(program.unpack(blob))
        line(label, blob[-4:])
    except Refused as refused:
        refusal(label, refused)


def main() -> None:
    for number in range(STEPS):
        step(number)


if __name__ == "__main__":
    main()
