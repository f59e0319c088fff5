// SPDX-License-Identifier: MIT
// The cores' block of fast registers (SIO): each core has its own divider and interpolators, both share
// the spin locks and the GPIO, and a FIFO leads from each to the other. The package has one core's.

const CPUID = 0x00;
const FIFO_ST = 0x50;
const FIFO_WR = 0x54;
const FIFO_RD = 0x58;

const READABLE = 1 << 0;
const WRITABLE = 1 << 1;
const WRITTEN_FULL = 1 << 2;
const READ_EMPTY = 1 << 3;

const DEPTH = 8;
const FIRST_IRQ = 15; // Of core 0; core 1 has the next.
const SHARED = ['spinLock', 'gpioValue', 'gpioOutputEnable', 'qspiGpioValue', 'qspiGpioOutputEnable'];

export class Fifos {
  constructor(pico) {
    this.pico = pico;
    this.queues = [[], []]; // What each core is to read.
    this.errors = [0, 0];
    // Called with what core 0 writes while core 1 is in the boot ROM, which reads it then.
    this.onBootWrite = null;
  }

  push(n, value) {
    this.queues[n].push(value >>> 0);
    this.update(n);
  }

  clear(n) {
    this.queues[n].length = 0;
    this.update(n);
  }

  update(n) {
    const asserted = this.queues[n].length > 0 || this.errors[n] !== 0;
    this.pico.cores[n].setInterrupt(FIRST_IRQ + n, asserted);
  }

  state(n) {
    const readable = this.queues[n].length ? READABLE : 0;
    return readable | (this.queues[1 - n].length < DEPTH ? WRITABLE : 0) | this.errors[n];
  }

  clearErrors(n) {
    this.errors[n] = 0;
    this.update(n);
  }

  read(n) {
    if (!this.queues[n].length) {
      this.errors[n] |= READ_EMPTY;
      this.update(n);
      return 0;
    }
    const value = this.queues[n].shift();
    this.update(n);
    return value;
  }

  write(n, value) {
    if (n === 0 && this.onBootWrite) {
      this.onBootWrite(value >>> 0);
    } else if (this.queues[1 - n].length < DEPTH) {
      this.push(1 - n, value);
    } else {
      this.errors[n] |= WRITTEN_FULL;
      this.update(n);
    }
  }
}

// Both cores' blocks, made of the package's one.
export function makeSios(pico, fifos) {
  const first = pico.sio;
  const second = new first.constructor(pico);
  for (const name of SHARED) {
    Object.defineProperty(second, name, {
      get: () => first[name],
      set: (value) => { first[name] = value; },
    });
  }
  return [first, second].map((sio, n) => withFifo(sio, n, fifos));
}

function withFifo(sio, n, fifos) {
  const { readUint32, writeUint32 } = sio;
  sio.readUint32 = (offset) => {
    switch (offset) {
      case CPUID: return n;
      case FIFO_ST: return fifos.state(n);
      case FIFO_RD: return fifos.read(n);
      default: return readUint32.call(sio, offset);
    }
  };
  sio.writeUint32 = (offset, value) => {
    switch (offset) {
      case FIFO_ST: return fifos.clearErrors(n);
      case FIFO_WR: return fifos.write(n, value);
      default: return writeUint32.call(sio, offset, value);
    }
  };
  return sio;
}
