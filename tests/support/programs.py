"""Integer programs for the tests of the pure core: a tonic and a burst to change, random ones."""

from hypothesis import strategies as st
from tests.support.tables import BOARD

from stimcore import period, program

Phase = tuple[int, int, int, int, int]
AREAS = (12_440_000,) * 8
HEADER = program.Header(
    flags=0,
    lease_ms=2_000,
    ramp_up_ms=0,
    ramp_down_ms=0,
    cycle_on_ms=0,
    cycle_off_ms=0,
    session_ms=0,
    session_pulses=0,
    discharge_permille=1_000,
)
# 2 mA x 200 us at 50 Hz from E3 to E2 and E4, a quarter of it back for four times as long
TONIC = program.Program(
    cathodes=0b0100,
    anodes=0b1010,
    waveform=program.TONIC,
    recharge=program.RECHARGE_ACTIVE,
    ratio=4,
    pulses=1,
    rate_millihz=50_000,
    intra_rate_millihz=0,
    amplitude_ua=2_000,
    ceiling_ua=4_000,
    width_ns=200_000,
    gap_ns=30_000,
    alternating=0,
    count=1,
    offset_ns=0,
    rate_dither=0,
    width_dither=0,
    seed=1,
    other_cathodes=0,
    other_anodes=0,
    other_count=0,
    segments=(),
)
# five pulses of 1 ms at 500 Hz, 40 times a second
BURST = TONIC._replace(
    waveform=program.BURST,
    recharge=program.RECHARGE_PASSIVE_BURST,
    ratio=1,
    pulses=5,
    rate_millihz=40_000,
    intra_rate_millihz=500_000,
    amplitude_ua=350,
    width_ns=1_000_000,
    gap_ns=0,
)
PASSIVE = TONIC._replace(recharge=program.RECHARGE_PASSIVE, gap_ns=0, ratio=1)
TRIPHASIC = ((500, 200_000), (-1_000, 200_000), (500, 200_000))


def group(*programs: program.Program, **header: int) -> program.Group:
    """Return a group of programs (TONIC if none is given)."""
    return program.Group(HEADER._replace(**header), AREAS, programs or (TONIC,))


def tonic(**changes: int) -> program.Group:
    return group(TONIC._replace(**changes))


def shaped(*segments: tuple[int, int], **changes: int) -> program.Program:
    return PASSIVE._replace(segments=segments, **changes)


def compiled(*programs: program.Program, **header: int) -> list[Phase]:
    """Return the phases of a group at its own amplitudes, the period's last rest in one."""
    one = group(*programs, **header)
    levels = tuple(each.amplitude_ua for each in one.programs)
    return in_one(period.compile_group(BOARD, one, levels))


def in_one(table: list[Phase]) -> list[Phase]:
    """Join the rest at the period's end, which is divided for DMA's sake, into one phase."""
    out = list(table)
    while len(out) > 1 and out[-1][:4] == out[-2][:4] and out[-1][3] == 0:
        last = out.pop()
        out[-1] = (*out[-1][:4], out[-1][4] + last[4])
    return out


@st.composite
def programs(draw: st.DrawFn, rate_millihz: int) -> program.Program:
    """Draw a program that validate() accepts; it need not fit into its slot."""
    contacts = draw(st.permutations(range(8)))
    split = draw(st.integers(1, 3))
    count = draw(st.integers(split + 1, 5))
    waveform = draw(st.sampled_from([program.TONIC, program.BURST]))
    burst = waveform == program.BURST
    amplitude = draw(st.integers(7, 12_500))
    return TONIC._replace(
        cathodes=sum(1 << at for at in contacts[:split]),
        anodes=sum(1 << at for at in contacts[split:count]),
        waveform=waveform,
        recharge=draw(st.integers(0, 2 if burst else 1)),
        ratio=draw(st.integers(1, 10)),
        pulses=draw(st.integers(2, 6)) if burst else 1,
        rate_millihz=rate_millihz,
        intra_rate_millihz=rate_millihz * draw(st.integers(5, 20)) if burst else 0,
        amplitude_ua=amplitude,
        ceiling_ua=draw(st.integers(amplitude, 25_500)),
        width_ns=draw(st.integers(10_000, 300_000)),
        gap_ns=draw(st.sampled_from([0, 0, 2_312, 30_000, 100_000])),
    )


@st.composite
def groups(draw: st.DrawFn) -> program.Group:
    """Draw one to three programs at one slow rate, each with an equal part of the period."""
    rate = draw(st.integers(1_000, 60_000))
    count = draw(st.integers(1, 3))
    rows = [draw(programs(rate)) for _ in range(count)]
    part = 10**12 // rate // count
    return group(*[one._replace(offset_ns=at * part) for at, one in enumerate(rows)])
