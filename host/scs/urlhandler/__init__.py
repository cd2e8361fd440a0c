"""Register `sim://` with pyserial's serial_for_url on import.

Invariant: registered once, however often it is imported.
"""

import serial

if __name__ not in serial.protocol_handler_packages:
    serial.protocol_handler_packages.append(__name__)
