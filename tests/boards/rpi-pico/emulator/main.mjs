// SPDX-License-Identifier: MIT
// Runs a firmware for RPI_PICO. Standard input and output are the board's USB serial port; standard error
// says what is wrong. See README.md.
//
//   node main.mjs ROM.bin FIRMWARE.bin [--flash FILE] [--flash-log FILE] [--seed N]
//       [--uart0 SOCKET | --second FLASH] [--line-log FILE]
import fs from 'node:fs';
import net from 'node:net';
import { parseArgs } from 'node:util';
import { Cores } from './cores.mjs';
import { LineLog } from './linelog.mjs';
import { Fault, newPico } from './pico.mjs';
import { setRandomBits } from './rosc.mjs';
import { Second } from './second.mjs';
import { Serial } from './usb.mjs';
import { Uart } from './uart.mjs';

const FAULTED = 3; // The exit status.
const SLICE = 200000; // Instructions until the host's side gets its turn.

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    flash: { type: 'string' },
    'flash-log': { type: 'string' },
    seed: { type: 'string', default: '0' },
    uart0: { type: 'string' },
    second: { type: 'string' },
    'line-log': { type: 'string' },
  },
});
const [rom, firmware] = positionals.map((file) => fs.readFileSync(file));

const say = (text) => fs.writeSync(2, `pico: ${text}\n`);

const pico = newPico(rom, firmware, options.flash, say);
setRandomBits(pico, 2 * Number(options.seed));
const { clock } = pico;
const flashWrites = []; // Offsets and words, in turn.
if (options['flash-log']) pico.onFlashWrite = (offset, value) => flashWrites.push(offset, value);
const cores = new Cores(pico);
cores.setSeed(Number(options.seed));
const serial = new Serial(pico);
// UART 1 hears itself, as if a wire joined its pins. UART 0 leads to a socket, to the second board, or
// nowhere.
const uart1 = new Uart(pico, 1, (byte) => uart1.feed([byte]));
const sent = []; // By UART 0, since the host's side had its turn.
const lineLog = options['line-log'] && new LineLog(options['line-log'], clock);
const uart0 = new Uart(pico, 0, (byte) => {
  sent.push(byte);
  lineLog?.add('>', byte);
}, (byte) => lineLog?.add('<', byte));
const line = options.uart0 && net.connect(options.uart0);
const second = options.second && new Second(newSecond(), pico, uart0);

function newSecond() {
  const made = newPico(rom, firmware, options.second, (text) => say(`second board: ${text}`));
  setRandomBits(made, 2 * Number(options.seed) + 1);
  return made;
}

const wall = () => performance.now() * 1e6;
let sleepFrom = null; // [wall clock, board's clock] since when the board has only slept, in ns.

const toNextAlarm = () => Math.min(clock.nextAlarm ? clock.nanosToNextAlarm : Infinity, second?.toNextAlarm ?? Infinity);

// Run until the board sleeps and the time of its next alarm has not come.
function slice() {
  for (let i = 0; i < SLICE; i++) {
    if (second?.step(cores.asleep)) continue;
    if (!cores.asleep) {
      sleepFrom = null;
      cores.step();
      continue;
    }
    // While the board sleeps its clock keeps up with the one on the wall, and never runs ahead.
    sleepFrom ??= [wall(), clock.nanos];
    const ahead = sleepFrom[1] + (wall() - sleepFrom[0]) - clock.nanos;
    const next = toNextAlarm();
    if (next > ahead) {
      clock.tick(Math.max(0, ahead));
      return;
    }
    clock.tick(next);
  }
}

let wake = () => {};

function run() {
  wake = () => {};
  serial.feed();
  let fault = null;
  try {
    slice();
  } catch (e) {
    if (!(e instanceof Fault)) throw e;
    fault = e;
  }
  saveFlash();
  lineLog?.save();
  const bytes = sent.splice(0);
  if (line && bytes.length) line.write(Buffer.from(bytes));
  const output = serial.take();
  if (output.length) process.stdout.write(output);
  if (fault) {
    fault.pico.say(fault.message);
    tellState(fault.pico);
    finish(FAULTED);
  } else if (!cores.asleep || serial.pending || (second && !second.cores.asleep)) {
    setImmediate(run);
  } else {
    const timer = setTimeout(run, Math.max(1, Math.min(1000, toNextAlarm() / 1e6)));
    wake = () => {
      clearTimeout(timer);
      wake = () => {};
      setImmediate(run);
    };
  }
}

// The file is up to date whenever the host has seen output that came after a change.
function saveFlash() {
  if (!pico.flashChanged) return;
  pico.flashChanged = false;
  if (options.flash) fs.writeFileSync(options.flash, pico.flashImage);
  if (options['flash-log']) {
    fs.appendFileSync(options['flash-log'], new Uint8Array(Uint32Array.from(flashWrites).buffer));
    flashWrites.length = 0;
  }
}

function tellState(board) {
  const its = board === pico ? cores : second.cores;
  for (const text of its.describe()) board.say(text);
}

let finished = false;
function finish(status) {
  if (finished) return;
  finished = true;
  // What is written to a pipe may still be on its way.
  process.stdout.write('', () => process.exit(status));
}

process.stdin.on('data', (chunk) => {
  serial.send(chunk);
  wake();
});
if (line) {
  line.on('data', (chunk) => {
    uart0.feed(chunk);
    wake();
  });
  line.on('error', () => {}); // The other side has gone: a wire says nothing then.
}
process.stdin.on('end', () => finish(0));
process.stdin.on('error', () => finish(0));
process.on('SIGUSR2', () => {
  tellState(pico);
  if (second) tellState(second.cores.pico);
});
run();
