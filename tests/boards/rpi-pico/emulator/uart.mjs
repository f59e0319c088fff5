// SPDX-License-Identifier: MIT
// A PL011 in the place of the package's UART, whose transmit interrupt never ends and which has neither a
// receive timeout nor a speed: here bytes leave and arrive at the baud rate, by the board's clock.

const DR = 0x00;
const RSR = 0x04;
const FR = 0x18;
const IBRD = 0x24;
const FBRD = 0x28;
const LCR_H = 0x2c;
const CR = 0x30;
const IFLS = 0x34;
const IMSC = 0x38;
const RIS = 0x3c;
const MIS = 0x40;
const ICR = 0x44;
const DMACR = 0x48;
const ID = [0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1]; // From 0xfe0 on.

// Of RIS, IMSC, MIS and ICR.
const RX = 1 << 4;
const TX = 1 << 5;
const TIMEOUT = 1 << 6;
const OVERRUN = 1 << 10;

// Of FR.
const TX_EMPTY = 1 << 7;
const RX_FULL = 1 << 6;
const TX_FULL = 1 << 5;
const RX_EMPTY = 1 << 4;
const BUSY = 1 << 3;

const FIFOS_ON = 1 << 4; // Of LCR_H.
const ENABLED = 1 << 0; // Of CR.
const TX_ENABLED = 1 << 8;
const RX_ENABLED = 1 << 9;
const DR_OVERRUN = 1 << 11;

const DEPTH = 32;
const LEVELS = [4, 8, 16, 24, 28]; // By the three bits of IFLS.
const BITS = 10; // Of a byte on the line, whatever the format.

// Where the registers are that only keep what is written.
const KEPT = { [IBRD]: 0xffff, [FBRD]: 0x3f, [LCR_H]: 0xff, [CR]: 0xffff, [IFLS]: 0x3f, [IMSC]: 0x7ff, [DMACR]: 7 };

export class Uart {
  // `onByte` gets each byte when it has left the board, `onArrival` each one that reaches it.
  constructor(pico, number, onByte, onArrival = () => {}) {
    this.pico = pico;
    this.port = pico.uart[number];
    this.onByte = onByte;
    this.onArrival = onArrival;
    this.kept = { [IBRD]: 0, [FBRD]: 0, [LCR_H]: 0, [CR]: TX_ENABLED | RX_ENABLED, [IFLS]: 0x12, [IMSC]: 0, [DMACR]: 0 };
    this.raised = 0; // RIS.
    this.rx = [];
    this.tx = [];
    this.overrun = false;
    this.leaving = null;
    this.line = []; // Bytes on their way to the board.
    const { clock } = pico;
    this.timeout = clock.createAlarm(() => this.raise(this.rx.length ? TIMEOUT : 0));
    this.left = clock.createAlarm(() => this.hasLeft());
    this.arrival = clock.createAlarm(() => this.hasArrived());
    this.port.readUint32 = (offset) => this.read(offset);
    this.port.writeUint32 = (offset, value) => this.write(offset, value);
  }

  // Send bytes to the board, one after the other.
  feed(bytes) {
    this.arrive(bytes, this.byteTime);
  }

  // The same, when the first one has been on its way before, at the same speed.
  arrive(bytes, time = 0) {
    const idle = !this.line.length;
    this.line.push(...bytes);
    if (idle && this.line.length) this.arrival.schedule(time);
  }

  get byteTime() {
    const divisor = 16 * (this.kept[IBRD] + this.kept[FBRD] / 64);
    return divisor ? (BITS * divisor * 1e9) / this.pico.clkPeri : 1e5;
  }

  get depth() {
    return this.kept[LCR_H] & FIFOS_ON ? DEPTH : 1;
  }

  get rxLevel() {
    return this.depth === 1 ? 1 : LEVELS[(this.kept[IFLS] >> 3) & 7] ?? 28;
  }

  get txLevel() {
    return this.depth === 1 ? 0 : LEVELS[this.kept[IFLS] & 7] ?? 28;
  }

  enabled(direction) {
    return (this.kept[CR] & ENABLED) !== 0 && (this.kept[CR] & direction) !== 0;
  }

  raise(bits) {
    this.raised |= bits;
    this.update();
  }

  clear(bits) {
    this.raised &= ~bits;
    this.update();
  }

  update() {
    this.pico.setInterrupt(this.port.irq, (this.raised & this.kept[IMSC]) !== 0);
  }

  // Put the next byte on the line, if there is one and the line is free.
  transmit() {
    if (this.leaving !== null || !this.tx.length || !this.enabled(TX_ENABLED)) return;
    this.leaving = this.tx.shift();
    // The interrupt comes when the FIFO falls to its level, not while it is empty.
    if (this.tx.length === this.txLevel) this.raise(TX);
    this.left.schedule(this.byteTime);
  }

  hasLeft() {
    const byte = this.leaving;
    this.leaving = null;
    this.onByte(byte);
    this.transmit();
  }

  hasArrived() {
    const byte = this.line.shift();
    this.onArrival(byte);
    if (this.line.length) this.arrival.schedule(this.byteTime);
    if (!this.enabled(RX_ENABLED)) return;
    this.timeout.schedule(3.2 * this.byteTime);
    if (this.rx.length >= this.depth) {
      this.overrun = true;
      this.raise(OVERRUN);
      return;
    }
    this.rx.push(byte);
    this.raise(this.rx.length >= this.rxLevel ? RX : 0);
  }

  get state() {
    return (this.tx.length ? 0 : TX_EMPTY) | (this.rx.length >= this.depth ? RX_FULL : 0)
      | (this.tx.length >= this.depth ? TX_FULL : 0) | (this.rx.length ? 0 : RX_EMPTY)
      | (this.leaving !== null || this.tx.length ? BUSY : 0);
  }

  readData() {
    const flags = this.overrun ? DR_OVERRUN : 0;
    this.overrun = false;
    const byte = this.rx.length ? this.rx.shift() : 0;
    this.clear((this.rx.length < this.rxLevel ? RX : 0) | (this.rx.length ? 0 : TIMEOUT));
    return byte | flags;
  }

  writeData(byte) {
    if (this.tx.length < this.depth) this.tx.push(byte & 0xff);
    if (this.tx.length > this.txLevel) this.clear(TX);
    this.transmit();
  }

  read(offset) {
    switch (offset) {
      case DR: return this.readData();
      case RSR: return 0;
      case FR: return this.state;
      case RIS: return this.raised;
      case MIS: return this.raised & this.kept[IMSC];
      default: return this.kept[offset] ?? ID[(offset - 0xfe0) >> 2] ?? 0;
    }
  }

  write(offset, value) {
    if (offset === DR) {
      this.writeData(value);
    } else if (offset === ICR) {
      // A write through the address that clears bits comes as what ICR would hold then, which is nothing.
      this.clear(this.port.rawWriteValue);
    } else if (offset in KEPT) {
      this.kept[offset] = value & KEPT[offset];
      this.update();
      this.transmit();
    }
  }
}
