// SPDX-License-Identifier: MIT
// Two boards in one clock, which nothing outside moves: their flashes have their programs, wires join their
// UARTs 0, and their programs control the run by registers. See README.md.
//
//   node pair.mjs ROM.bin FIRMWARE.bin FLASH FLASH [--limit SECONDS]
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { Cores } from './cores.mjs';
import { Fault, newPico } from './pico.mjs';
import { setRandomBits } from './rosc.mjs';
import { Uart } from './uart.mjs';
import { Wire } from './wire.mjs';

const FAULTED = 3; // Exit statuses.
const TOO_LONG = 4;

// Registers that programs write: offsets in the control page.
const SAY = 0x08; // A byte of the board's output.
const ERRORS = 0x0c; // One byte of so many is damaged; 0: none.
const INSERT = 0x10; // So many random bytes arrive at both boards.
const AFTER = 0x14; // The next of the following happens after so many microseconds.
const CUT = 0x18; // Nothing arrives for so many milliseconds.
const RESET = 0x1c; // The other board is reset.
const END = 0x20; // The run ends with this status.

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { limit: { type: 'string', default: '3600' } },
});
const [rom, firmware] = positionals.slice(0, 2).map((file) => fs.readFileSync(file));
const flashes = positionals.slice(2);
const limit = Number(options.limit) * 1e9;

const boards = [];
const lines = ['', ''];
let status = null;

function say(n, byte) {
  lines[n] += String.fromCharCode(byte);
  if (byte !== 10) return;
  fs.writeSync(1, `${n} ${lines[n]}`);
  lines[n] = '';
}

const now = () => Math.max(...boards.map((board) => board.clock.nanos));
const wire = new Wire(now, 1);

class Board {
  constructor(n, start, boots) {
    this.n = n;
    this.boots = boots;
    const pico = newPico(rom, firmware, flashes[n], (text) => fs.writeSync(2, `board ${n}: ${text}\n`));
    this.clock = pico.clock;
    this.clock.nanosCounter = start;
    pico.control = (offset, value) => this.control(offset, value);
    setRandomBits(pico, 2 * boots + n);
    this.cores = new Cores(pico);
    const uart = new Uart(pico, 0, (byte) => wire.carry(n, byte));
    wire.uarts[n] = uart;
    this.after = 0;
  }

  get toNextAlarm() {
    return this.clock.nextAlarm ? this.clock.nanosToNextAlarm : Infinity;
  }

  control(offset, value) {
    switch (offset) {
      case SAY: return say(this.n, value & 0xff);
      case ERRORS: return wire.setErrors(value);
      case INSERT: return wire.insert(value);
      case AFTER: this.after = value; return undefined;
      case CUT: return this.later(() => wire.cut(value * 1e6));
      case RESET: return this.later(() => reset(1 - this.n));
      case END: status = value; return undefined;
      default: return this.cores.pico.fault(`write to control register ${offset}`);
    }
  }

  later(event) {
    this.clock.createAlarm(event).schedule(this.after * 1e3);
    this.after = 0;
  }
}

// As if its power had been off.
function reset(n) {
  boards[n] = new Board(n, boards[n].clock.nanos, boards[n].boots + 1);
}

// Let the board do something that is behind. Both sleep until the first alarm of either.
function step() {
  const isLater = boards[0].clock.nanos > boards[1].clock.nanos ? 1 : 0;
  const a = boards[isLater];
  const b = boards[1 - isLater];
  if (!a.cores.asleep) {
    a.cores.step();
    return;
  }
  const behind = b.clock.nanos - a.clock.nanos;
  if (behind > 0) {
    a.clock.tick(Math.min(behind, a.toNextAlarm));
  } else if (!b.cores.asleep) {
    b.cores.step();
  } else {
    const next = Math.min(a.toNextAlarm, b.toNextAlarm);
    if (next > limit) throw new Fault('both boards sleep for ever');
    // The alarm of one may send a byte to the other, whose time must be the same then.
    a.clock.nanosCounter += next;
    b.clock.nanosCounter += next;
    a.clock.tick(0);
    b.clock.tick(0);
  }
}

function tellFault({ message, pico }) {
  const { cores } = boards.find((board) => board.cores.pico === pico);
  for (const text of [message, ...cores.describe()]) pico.say(text);
}

boards.push(new Board(0, 0, 0), new Board(1, 0, 0));
try {
  while (status === null) {
    step();
    if (boards[0].clock.nanos > limit) status = TOO_LONG;
  }
} catch (e) {
  if (!(e instanceof Fault)) throw e;
  if (e.pico) tellFault(e);
  else fs.writeSync(2, `pair: ${e.message}\n`);
  status = FAULTED;
}
process.exit(status);
