"""From a bare board to one that says HELLO: what `scs flash` does, without the command line.

Role: ports.py and drives.py find the board, uf2.py judges an image, prompt.py speaks with
MicroPython, plan.py says what is to be done, flasher.py does it. Invariant: nothing is written
before everything that can be checked was; main.py is taken away first and comes back last.
Requirements: REQ-43.
"""
