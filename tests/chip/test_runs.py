"""The interlocks of the real firmware after a pause, and after its ADC lost samples.

Role: the tests of tests/system/test_runs.py on the chip, and what only its ring of samples shows.
A voltage that never changes passes for a peak of the right height; what sees it is the comparison
phase by phase, by what stands before a pulse.
"""

from tests.chip.support import SERIAL, ChipTalk, take
from tests.system import test_runs
from tests.system.cycles import CYCLING, next_on_time
from tests.system.groups import steady

BOARD = SERIAL
ADC_CHANNEL = 1 << 4  # of the DMA: brings the samples to the ring
VOLTAGE = 1
PULSE_CODE = 2048 - 31  # 500 uA in 500 ohm, 8 mV a code

take(globals(), test_runs)


def assert_phases_are_compared(talk: ChipTalk) -> None:
    assert talk.state() == "RUNNING"
    talk.show(VOLTAGE, PULSE_CODE)
    talk.pass_ms(250)
    assert not talk.gate
    assert talk.fault_name() in ("residual", "load")


def test_req_58_phases_are_compared_again_after_a_pause(talk: ChipTalk) -> None:
    talk.running(steady(CYCLING))
    next_on_time(talk)
    talk.pass_ms(300)
    assert_phases_are_compared(talk)


def test_req_58_phases_are_compared_again_after_samples_were_lost(talk: ChipTalk) -> None:
    """The ring begins anew where the ADC's FIFO ran over; so its DMA ends after 4.8 hours too."""
    talk.running(steady())
    talk.pass_ms(200)
    for ms in (30, 37, 43):
        talk.chip.fault("stop_dma", channels=ADC_CHANNEL)
        talk.pass_ms(1)
        talk.chip.fault("start_dma")
        talk.pass_ms(ms)
    assert_phases_are_compared(talk)
