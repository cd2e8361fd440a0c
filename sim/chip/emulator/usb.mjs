// The host's end of the USB cable, and patches "usb-nak", "usb-pace" and "usb-suspend" (4.1.2.6).
//
// "usb-nak": an OUT endpoint with nothing to receive stays waiting; rp2040js completes it with an
// empty packet over and over. "usb-pace": a bulk packet of 64 bytes takes about 50 us of a full-
// speed bus (19 of them fit in a millisecond); rp2040js takes none. "usb-suspend": the device
// clears SIE_STATUS.SUSPENDED by writing it (4.1.2.6.4); in rp2040js it cannot, and its interrupt
// stays.

import { USBCDC } from 'rp2040js';
import { layOver } from './registers.mjs';

const PACKET = 64;
const PACKET_NS = 50_000;
const NS_PER_US = 1000;
const SETTLE_NS = 5e6; // from the end of enumeration to the host's first own request
const DTR_AND_RTS = 3;
const SIE_STATUS = 0x50;
const SIE_SUSPENDED = 1 << 4;

export class UsbCable {
  /** `open`: a terminal has the port open (DTR) from the start. */
  constructor({ open = true, packetNs = PACKET_NS } = {}) {
    this.open = open;
    this.packetNs = packetNs;
    this.plugged = true;
    this.onData = () => {}; // bytes from the device
    this.onReady = () => {}; // enumerated
    this.forget();
  }

  forget() {
    this.queue = []; // buffers for the device
    this.queueOffset = 0;
    this.wanted = null; // bytes that the OUT endpoint waits for
    this.ready = false;
  }

  /** A new chip at the same cable. */
  connect(chip) {
    this.chip = chip;
    this.forget();
    this.enumerateAs(new USBCDC(chip.mcu.usbCtrl));
    this.settled = chip.clock.createAlarm(() => this.setOpen(this.open));
  }

  enumerateAs(cdc) {
    this.cdc = cdc;
    cdc.onSerialData = (bytes) => {
      if (this.plugged) this.onData(bytes);
    };
    cdc.onDeviceConnected = () => {
      this.ready = true; // USBCDC has just set DTR
      if (!this.open) this.settled.schedule(SETTLE_NS);
      this.onReady();
    };
  }

  setOpen(open) {
    this.open = open;
    if (this.ready) this.cdc.cdcSetControlLineState(open ? DTR_AND_RTS : 0);
  }

  /** Pull the cable, or put it in again: the bus falls silent, or the host resets it. */
  setPlugged(plugged) {
    if (plugged === this.plugged) return;
    this.plugged = plugged;
    const usb = this.chip.mcu.usbCtrl;
    this.forget();
    if (plugged) {
      usb.sieStatus &= ~SIE_SUSPENDED;
      this.enumerateAs(new USBCDC(usb));
      if (this.chip.patched('usb-nak')) holdOutEndpoint(this, usb);
      usb.resetDevice();
    } else usb.sieStatus |= SIE_SUSPENDED; // no start of frame for 3 ms
    usb.sieStatusUpdated();
  }

  send(bytes) {
    if (!this.plugged || bytes.length === 0) return;
    if (!this.chip.patched('usb-nak')) {
      for (const byte of bytes) this.cdc.sendSerialByte(byte);
      return;
    }
    this.queue.push(bytes);
    this.deliver();
  }

  get pending() {
    return this.queue.reduce((sum, buffer) => sum + buffer.length, 0) - this.queueOffset;
  }

  /** A packet for the OUT endpoint, when it waits for one and there is one. */
  deliver() {
    if (this.wanted === null || this.queue.length === 0 || !this.ready) return;
    const packet = this.takePacket(Math.min(this.wanted, PACKET));
    this.wanted = null;
    const { usbCtrl } = this.chip.mcu;
    usbCtrl.endpointReadDone(this.cdc.outEndpoint, packet, this.packetNs / NS_PER_US);
  }

  takePacket(most) {
    const packet = new Uint8Array(most);
    let length = 0;
    while (length < most && this.queue.length) {
      const buffer = this.queue[0];
      const count = Math.min(most - length, buffer.length - this.queueOffset);
      packet.set(buffer.subarray(this.queueOffset, this.queueOffset + count), length);
      length += count;
      this.queueOffset += count;
      if (this.queueOffset >= buffer.length) {
        this.queue.shift();
        this.queueOffset = 0;
      }
    }
    return packet.subarray(0, length);
  }
}

function holdOutEndpoint(cable, usb) {
  usb.onEndpointRead = (endpoint, size) => {
    if (endpoint !== cable.cdc.outEndpoint) return;
    cable.wanted = size;
    cable.deliver();
  };
}

export const usbNak = {
  instance(chip) {
    holdOutEndpoint(chip.cable, chip.mcu.usbCtrl);
  },
};

export const usbPace = {
  instance(chip) {
    const usb = chip.mcu.usbCtrl;
    const ready = usb.indicateBufferReady.bind(usb);
    const alarms = new Map();
    usb.indicateBufferReady = (endpoint, out) => {
      if (endpoint === 0 || out) {
        ready(endpoint, out);
        return;
      }
      if (!alarms.has(endpoint)) {
        alarms.set(
          endpoint,
          chip.clock.createAlarm(() => ready(endpoint, false)),
        );
      }
      alarms.get(endpoint).schedule(chip.cable.packetNs);
    };
  },
};

export const usbSuspend = {
  classes(mcu) {
    layOver(mcu.usbCtrl.constructor.prototype, {
      writes: {
        [SIE_STATUS](value, stock) {
          this.sieStatus &= ~(this.rawWriteValue & SIE_SUSPENDED);
          stock(value);
        },
      },
    });
  },
};
