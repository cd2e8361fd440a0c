"""The drawn output stages in ngspice, beside the simulator's model of them.

Role: drawn.run() plays words through the drawn circuit; figures and fmea judge what it shows.
Invariant: nothing here is in the wheel, and the simulated board never uses it.
"""
