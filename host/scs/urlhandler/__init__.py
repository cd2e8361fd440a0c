"""pyserial URL handlers of this package; importing it makes `sim://` known to serial_for_url.

Invariant: registered once, however often it is imported.
"""

import serial

if __name__ not in serial.protocol_handler_packages:
    serial.protocol_handler_packages.append(__name__)
