"""Flash a board until it answers HELLO: `scs flash` without the command line.

Role: ports.py and drives.py find the board, uf2.py checks an image, prompt.py talks to
MicroPython, plan.py plans the steps, flasher.py executes them. Invariant: all checks are made
before anything is written; main.py is removed first and written last.
Requirements: REQ-43.
"""
