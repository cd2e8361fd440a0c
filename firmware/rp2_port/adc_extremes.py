"""Minimum and maximum of the ADC's samples: 125,000 pairs a second, 14 cycles each.

Role: reduces a stretch of adc.py's ring. Invariant: nothing here allocates, so that
an interrupt may call it. Requirements: REQ-54, REQ-55.

A pair is a word: current in the low half, voltage in the high one. `extremes` is an array of words:
least of both, most of both, and a guard, the two halves' highest bits, which no sample has. Where
the guard is added to one pair and another pair is taken away it stays in each half that was not
the smaller: so two subtractions are four comparisons.
"""

import micropython


@micropython.asm_thumb
def wider(r0, r1, r2):
    """Return the address of the first pair in r0..r1 outside the extremes at r2; r1 if none."""
    ldr(r3, [r2, 0])
    ldr(r4, [r2, 4])
    ldr(r5, [r2, 8])
    orr(r4, r5)
    label(PAIR)
    cmp(r0, r1)
    bcs(OUT)
    ldr(r6, [r0, 0])
    add(r0, 4)
    sub(r2, r4, r6)  # most - pair
    orr(r6, r5)
    sub(r6, r6, r3)  # pair - least
    and_(r6, r2)
    and_(r6, r5)
    cmp(r6, r5)
    beq(PAIR)
    sub(r0, 4)
    label(OUT)


@micropython.viper
def take(pair: int, end: int, extremes: ptr32):
    """Take all pairs from one address up to another into the extremes `extremes`."""
    while True:
        pair = int(wider(pair, end, extremes))
        if pair >= end:
            return
        word = ptr32(pair)[0]
        current = word & 0xFFFF
        voltage = word >> 16
        least = extremes[0]
        most = extremes[1]
        if current < least & 0xFFFF:
            least += current - (least & 0xFFFF)
        if current > most & 0xFFFF:
            most += current - (most & 0xFFFF)
        if voltage < least >> 16:
            least += voltage - (least >> 16) << 16
        if voltage > most >> 16:
            most += voltage - (most >> 16) << 16
        extremes[0] = least
        extremes[1] = most
        pair += 4
