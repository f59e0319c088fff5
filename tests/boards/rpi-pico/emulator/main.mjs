// SPDX-License-Identifier: MIT
// Runs a firmware for RPI_PICO. Standard input and output are the board's USB serial port; standard error
// says what is wrong. See README.md.
//
//   node main.mjs ROM.bin FIRMWARE.bin [--flash FILE] [--seed N]
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { Cores } from './cores.mjs';
import { Fault, hex, Pico } from './pico.mjs';
import { Serial } from './usb.mjs';
import { Uart } from './uart.mjs';

const FAULTED = 3; // The exit status.
const SLICE = 200000; // Instructions until the host's side gets its turn.

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { flash: { type: 'string' }, seed: { type: 'string', default: '0' } },
});
const [rom, firmware] = positionals.map((file) => fs.readFileSync(file));

const say = (text) => fs.writeSync(2, `pico: ${text}\n`);
const pico = new Pico(rom, firmware, say);
const { clock } = pico;
if (options.flash && fs.existsSync(options.flash)) {
  // The firmware stays the one given.
  const saved = fs.readFileSync(options.flash);
  pico.flash.set(saved.subarray(firmware.length), firmware.length);
}
const cores = new Cores(pico);
cores.setSeed(Number(options.seed));
const serial = new Serial(pico);
// UART 1 hears itself, as if a wire joined its pins. Nothing is connected to UART 0.
const uart1 = new Uart(pico, 1, (byte) => uart1.feed([byte]));
new Uart(pico, 0, () => {});

const wall = () => performance.now() * 1e6;
let sleepFrom = null; // [wall clock, board's clock] since when the board has only slept, in ns.

// Run until the board sleeps and the time of its next alarm has not come.
function slice() {
  for (let i = 0; i < SLICE; i++) {
    if (!cores.asleep) {
      sleepFrom = null;
      cores.step();
      continue;
    }
    // While the board sleeps its clock keeps up with the one on the wall, and never runs ahead.
    sleepFrom ??= [wall(), clock.nanos];
    const ahead = sleepFrom[1] + (wall() - sleepFrom[0]) - clock.nanos;
    const next = clock.nextAlarm ? clock.nanosToNextAlarm : Infinity;
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
  const output = serial.take();
  if (output.length) process.stdout.write(output);
  if (fault) {
    say(`fault on core ${pico.cores.indexOf(pico.core)}: ${fault.message}`);
    tellState();
    finish(FAULTED);
  } else if (!cores.asleep || serial.pending) {
    setImmediate(run);
  } else {
    const next = clock.nextAlarm ? clock.nanosToNextAlarm / 1e6 : 1000;
    const timer = setTimeout(run, Math.max(1, Math.min(1000, next)));
    wake = () => {
      clearTimeout(timer);
      wake = () => {};
      setImmediate(run);
    };
  }
}

// The file is up to date whenever the host has seen output that came after a change.
function saveFlash() {
  if (!options.flash || !pico.flashChanged) return;
  pico.flashChanged = false;
  fs.writeFileSync(options.flash, pico.flashImage);
}

function tellState() {
  for (const n of cores.both ? [0, 1] : [0]) {
    const core = pico.cores[n];
    const registers = Array.from(core.registers, (value, i) => `r${i}=${hex(value)}`);
    const state = core.waiting ? 'waits' : 'runs';
    say(`core ${n} ${state}: ${registers.join(' ')} ipsr=${core.IPSR} seed=${cores.seed}`);
  }
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
process.stdin.on('end', () => finish(0));
process.stdin.on('error', () => finish(0));
process.on('SIGUSR2', tellState);
run();
