"""Boot the board: self-test, then the main loop. The first file to read.

Role: makes the device on its hal and calls its turn() in a loop.
Invariant: nothing here decides anything; what fails at boot is a latched fault that the host can
read.
"""

import gc

import micropython

# Each import leaves a buffer of 1 KiB behind. Collected only when memory is full, they leave holes
# all over what stays, which every later allocation has to pass: a sixth of a command's time.
_LOADING_BYTES = 16384


def run() -> None:
    """Run for ever, or until the host asks for the prompt."""
    gc.threshold(_LOADING_BYTES)
    from board_config import BOARD, CHIP, PINS

    from rp2_port.hal import Hal, wants_prompt
    from stimcore.device import Device

    if wants_prompt(CHIP):
        micropython.kbd_intr(3)
        return
    hal = Hal(BOARD, CHIP, PINS)
    device = Device(BOARD, hal, hal.self_test())
    gc.threshold(-1)
    while not device.leaving:
        device.turn()
    hal.leave()


micropython.kbd_intr(-1)  # a frame may hold the byte 3, also one that comes before it is asked for
run()
