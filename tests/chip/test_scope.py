"""The oscilloscope of the real firmware: samples of its ADC from the SYNC at its pin."""

import struct

from tests.chip.support import ChipTalk
from tests.system.support import group

from stimcore import commands

PAIRS = 1024


def scope(talk: ChipTalk, delay_us: int) -> tuple[int, list[int], list[int]]:
    """Return (begins_us, current codes, voltage codes)."""
    assert talk.send(commands.SCOPE_ARM, delay_us).status == 0
    while not (reply := talk.send(commands.SCOPE_READ, 0))["ready"]:
        talk.pass_ms(5)
    data = reply["piece"]
    while len(data) < 4 * PAIRS:
        data += talk.send(commands.SCOPE_READ, len(data))["piece"]
    codes = struct.unpack(f"<{2 * PAIRS}H", data)
    return reply["begins_us"], list(codes[0::2]), list(codes[1::2])


def test_the_pulse_stands_where_the_pins_had_it(talk: ChipTalk) -> None:
    talk.running(group({"flags": 1}, amplitude_ua=500))
    for delay_us in (0, 0, 0, 4_000, 15_000):
        begins_us, current, voltage = scope(talk, delay_us)
        assert delay_us <= begins_us <= delay_us + 12
        at_us = [begins_us + 8 * number for number in range(PAIRS)]
        # 500 uA / 12.5 uA = 40 for 200 us, 30 us nothing, 10 for 800 us; into 500 ohm: 31, 8
        for time_us, amps, volts in zip(at_us, current, voltage, strict=True):
            time_us %= 20_000
            if 3 < time_us < 193:
                assert abs(2048 - 40 - amps) <= 1 and abs(2048 - 31 - volts) <= 1, time_us
            elif 233 < time_us < 1_023:
                assert abs(2048 + 10 - amps) <= 1 and abs(2048 + 8 - volts) <= 1, time_us
            elif 203 < time_us < 223 or 1_033 < time_us < 19_993:
                assert abs(2048 - amps) <= 1 and abs(2048 - volts) <= 1, time_us
