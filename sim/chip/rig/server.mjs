// The emulated USB serial port on TCP, one client at a time; and a UART on TCP.
//
// DTR follows the client. Without one, what the device sends is kept for the control port's `step`.

import net from 'node:net';

const FULL = 65536; // bytes on their way to the device: the client has to wait
const LOW_WATER = 16384;

export class UsbLink {
  /** `follow`: DTR is up while a client is connected. `onBye`: it has gone. */
  constructor(chip, { follow = true, onBye = () => {} } = {}) {
    this.chip = chip;
    this.follow = follow;
    this.onBye = onBye;
    this.client = null;
    this.output = []; // from the device, not yet passed on
    this.pace = null;
    chip.cable.onData = (bytes) => this.output.push(Buffer.from(bytes));
  }

  listen(host, port, pace, log) {
    this.pace = pace;
    const server = net.createServer((socket) => this.accept(socket));
    const name = host.includes(':') ? `[${host}]` : host;
    server.listen(port, host, () => log(`USB-CDC on socket://${name}:${server.address().port}`));
    return server;
  }

  accept(socket) {
    if (this.client) {
      socket.destroy();
      return;
    }
    this.client = socket;
    socket.setNoDelay(true);
    if (this.follow) this.chip.cable.setOpen(true);
    this.pace.kick();
    socket.on('data', (bytes) => this.receive(socket, bytes));
    socket.on('close', () => this.bye(socket));
    socket.on('error', () => this.bye(socket));
  }

  receive(socket, bytes) {
    const { cable } = this.chip;
    cable.send(bytes);
    this.pace.kick();
    if (cable.pending <= FULL) return;
    socket.pause();
    const timer = setInterval(() => {
      if (cable.pending >= LOW_WATER) return;
      socket.resume();
      clearInterval(timer);
    }, 1);
  }

  bye(socket) {
    if (this.client !== socket) return;
    this.client = null;
    if (this.follow) this.chip.cable.setOpen(false);
    this.pace.kick();
    this.onBye();
  }

  get hasOutput() {
    return this.output.length > 0;
  }

  /** What the device has sent since the last time; empty when a client gets it. */
  take() {
    if (this.client) this.flush();
    const bytes = Buffer.concat(this.output);
    this.output = [];
    return bytes;
  }

  /** Pass the device's output to the client; without one it is lost, as on a cable. */
  flush() {
    if (!this.hasOutput) return;
    this.client?.write(Buffer.concat(this.output));
    this.output = [];
  }

  drop() {
    this.client?.destroy();
  }
}

/** UART 0 on TCP. */
export function serveUart(chip, port, pace) {
  let client = null;
  chip.onUart[0] = (byte) => client?.write(Buffer.from([byte]));
  const server = net.createServer((socket) => {
    client = socket;
    socket.on('data', (bytes) => {
      chip.mcu.uart[0].receive(bytes);
      pace.kick();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      client = null;
    });
  });
  server.listen(port, '127.0.0.1');
  return server;
}
