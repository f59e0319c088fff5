// SPDX-License-Identifier: MIT
// Runs the two cores in turn, by the board's clock. The package has one core only.
import { Core, hex } from './pico.mjs';
import { Fifos, makeSios } from './sio.mjs';

const PSM = 0x40010;
const PSM_PROC1 = 1 << 16;

export class Cores {
  constructor(pico) {
    this.pico = pico;
    this.clock = pico.clock;
    this.both = false; // Does core 1 run?
    this.instructions = 0;
    this.starts = 0;
    this.ready = [0, 0]; // When each core has finished its last instruction, in ns.
    this.setSeed(0);
    pico.onSeed = (seed) => this.setSeed(seed);
    this.fifos = new Fifos(pico);
    this.sios = makeSios(pico, this.fifos);
    this.stopSecond();
    this.watchPower();
  }

  // With seed 0, each instruction of both cores takes its own time, no more. With another, the cores wait
  // at random, so that they meet in other places.
  setSeed(seed) {
    this.seed = seed >>> 0;
    this.random = this.seed;
  }

  // Do both wait for an interrupt or an event?
  get asleep() {
    const { cores } = this.pico;
    return cores[0].waiting && (!this.both || cores[1].waiting);
  }

  // Lines with the registers of the cores that run.
  describe() {
    return this.pico.cores.slice(0, this.both ? 2 : 1).map((core, n) => {
      const registers = Array.from(core.registers, (value, i) => `r${i}=${hex(value)}`);
      const state = core.waiting ? 'waits' : 'runs';
      return `core ${n} ${state}: ${registers.join(' ')} ipsr=${core.IPSR} seed=${this.seed}`;
    });
  }

  // Executes an instruction of the core whose turn it is, and lets the clock follow. Not while asleep.
  step() {
    const { clock, ready } = this;
    if (!this.both) {
      clock.tick(this.execute(0));
      return;
    }
    const [core0, core1] = this.pico.cores;
    const now = clock.nanos;
    if (ready[0] < now) ready[0] = now;
    if (ready[1] < now) ready[1] = now;
    const n = core0.waiting ? 1 : core1.waiting ? 0 : ready[0] <= ready[1] ? 0 : 1;
    if (ready[n] > now) {
      clock.tick(ready[n] - now);
    }
    ready[n] = clock.nanos + this.execute(n) + (this.seed ? this.pause() : 0);
  }

  // The time that the next instruction of core n has taken, in ns.
  execute(n) {
    const { pico } = this;
    const core = pico.cores[n];
    pico.core = core;
    pico.sio = this.sios[n];
    const before = core.cycles;
    core.executeInstruction();
    this.instructions++;
    // What core 1 was started with has returned to the boot ROM.
    if (n === 1 && core.PC === 0) this.stopSecond();
    return ((core.cycles - before) * 1e9) / pico.clkSys;
  }

  // Of 16 instructions one waits up to 3 cycles or, of 256 of those, up to 1023.
  pause() {
    this.random = (Math.imul(this.random, 1664525) + 1013904223) >>> 0;
    const bits = this.random;
    if (bits >>> 28) return 0;
    let cycles = 0;
    if ((bits >>> 27) & 1) cycles = (bits >>> 12) & 3;
    else if (((bits >>> 20) & 127) === 0) cycles = (bits >>> 4) & 1023;
    return (cycles * 1e9) / this.pico.clkSys;
  }

  // Core 1 waits in the boot ROM for a vector table, a stack and an address. It answers with what it gets.
  stopSecond() {
    const { pico, fifos } = this;
    let got = [];
    this.both = false;
    pico.cores[1] = new Core(pico);
    fifos.onBootWrite = (value) => {
      // It begins with 0, as often as core 0 likes, and 1.
      if (got.length >= 2) got.push(value);
      else if (got.length === 1 && value === 1) got = [0, 1];
      else got = value === 0 ? [0] : [];
      fifos.push(0, value);
      if (got.length === 5) this.startSecond(...got.slice(2));
    };
  }

  startSecond(vectors, stack, entry) {
    const { pico } = this;
    const [core0, core1] = pico.cores;
    core1.VTOR = vectors;
    core1.SP = stack;
    core1.LR = 1; // Back to the boot ROM; see execute.
    core1.cycles = core0.cycles;
    core1.pendingInterrupts = core0.pendingInterrupts & ~(3 << 15);
    core1.BXWritePC(entry);
    this.fifos.onBootWrite = null;
    this.fifos.clear(1);
    this.both = true;
    this.starts++;
  }

  // Switching core 1 off and on resets it: it clears its FIFO and says that it waits.
  watchPower() {
    const psm = this.pico.peripherals[PSM];
    const { writeUint32 } = psm;
    psm.writeUint32 = (offset, value) => {
      const wasOff = psm.frceOff & PSM_PROC1;
      writeUint32.call(psm, offset, value);
      if (psm.frceOff & PSM_PROC1) {
        this.stopSecond();
      } else if (wasOff) {
        this.fifos.clear(1);
        this.fifos.push(0, 0);
      }
    };
  }
}
