"""The oscilloscope on the wire: samples from the start of a period, and the words that flow."""

import struct

from tests.system.support import Talk, group

from stimcore import commands, errors, limits

PAIRS = 1024
STEADY = {"flags": 1}


def steady() -> Talk:
    """Return 500 uA: at its amplitude from the first pulse on, and it needs no host."""
    return Talk().running(group(STEADY, amplitude_ua=500))


def scope(talk: Talk, delay_us: int) -> tuple[int, int, list[int], list[int]]:
    """Return (begins_us, crc, current codes, voltage codes)."""
    assert talk.send(commands.SCOPE_ARM, delay_us).status == 0
    for _ in range(100):
        reply = talk.send(commands.SCOPE_READ, 0)
        if reply["ready"]:
            break
        talk.board.advance_us(10_000)
    data = reply["piece"]
    while len(data) < 4 * PAIRS:
        data += talk.send(commands.SCOPE_READ, len(data))["piece"]
    codes = struct.unpack(f"<{2 * PAIRS}H", data)
    return reply["begins_us"], reply["crc"], list(codes[0::2]), list(codes[1::2])


def test_the_samples_are_of_the_pulse_and_named_with_its_words() -> None:
    talk = steady()
    begins_us, crc, current, voltage = scope(talk, 0)
    words = b""
    while len(words) < talk.send(commands.WORDS, 0)["length"]:
        reply = talk.send(commands.WORDS, len(words))
        words += reply["piece"]
    assert crc == reply["crc"] == talk.device.output.live.crc
    assert words == talk.device.output.live.words
    # 500 uA / 12.5 uA = 40 for 200 us of 8 us each, then 10 for 800 us; half the stage's 2 uA
    # of offset is nothing
    assert 0 <= begins_us + 2 <= 16
    assert 24 <= sum(code == 2048 - 40 for code in current) <= 26
    assert 98 <= sum(code == 2048 + 10 for code in current) <= 101
    assert 2048 - 37 <= min(voltage) <= 2048 - 33  # 250 mV and 0.1 uC / 2.5 uF: 290 of 8 mV each


def test_a_delay_beyond_the_pulse_shows_the_rest() -> None:
    begins_us, _, current, _ = scope(steady(), 11_000)
    assert 11_000 <= begins_us + 2 <= 11_016
    assert set(current) == {2048}


def test_samples_of_two_amplitudes_are_never_mixed() -> None:
    talk = Talk().running(group(STEADY, amplitude_ua=4_000))  # on its way up in 20 ms steps
    for _ in range(4):
        _, _, current, _ = scope(talk, 0)
        driven = [2048 - code for code in current if code < 2040]
        assert max(driven) - min(driven) <= 2  # a step is 80; the first sample may be settling


def test_what_was_kept_can_be_read_after_the_end_and_a_capture_under_way_is_dropped() -> None:
    talk = steady()
    whole = scope(talk, 0)
    talk.send(commands.HALT)
    assert talk.send(commands.SCOPE_READ, 0)["begins_us"] == whole[0]
    talk.arm(talk.device.hash)
    talk.send(commands.START)
    talk.send(commands.SCOPE_ARM, 0)
    talk.send(commands.HALT)
    talk.keep(0.2)
    assert talk.send(commands.SCOPE_READ, 0)["ready"] == 0


def test_a_delay_past_two_seconds_is_refused() -> None:
    talk = steady()
    assert talk.send(commands.SCOPE_ARM, 2_000_000).status == 0
    reply = talk.send(commands.SCOPE_ARM, 2_000_001)
    assert reply.rows == [(errors.SCOPE_DELAY, 0, 2_000_001, 2_000_000)]
    assert limits.SCOPE_DELAY_MAX_US == 2_000_000


def test_while_a_cycle_rests_there_are_no_words() -> None:
    cycling = {**STEADY, "cycle_on_ms": 1_000, "cycle_off_ms": 1_000}
    talk = Talk().running(group(cycling, amplitude_ua=500))
    talk.board.advance_us(1_500_000)
    assert talk.send(commands.WORDS, 0).fields == {"crc": 0, "length": 0, "piece": b""}
    begins_us, _, current, _ = scope(talk, 0)  # waits for the next on time
    assert begins_us < 16
    assert min(current) == 2048 - 40
