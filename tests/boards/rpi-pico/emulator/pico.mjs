// SPDX-License-Identifier: MIT
// The package's RP2040, made as strict as the chip: what faults there is a Fault here.
import fs from 'node:fs';
import { RP2040 } from 'rp2040js';

// Reads as the number of cycles since the start.
const CYCLES = 0x4fff0000;
// Writing to the page of that address controls the emulator.
const CONTROL = CYCLES >>> 12;
// Writing a number here lets the two cores race in another way from then on.
const SEED = 0x004;

const ROM_END = 0x4000;
const FLASH_START = 0x10000000;
const FLASH_END = 0x14000000;
const FLASH_SIZE = 2 << 20;

export class Fault extends Error {
  // `pico` is the board that faults.
  constructor(message, pico = null) {
    super(message);
    this.pico = pico;
  }
}

export const hex = (n) => (n >>> 0).toString(16).padStart(8, '0');

// Registers that the package does not have, and that the firmware sets but can do without.
const HARMLESS = /^(IO_QSPI_BASE|PPB: .* 0xd10|RTC_BASE: .* 0x0:|USB: .* 0x(7c|80)\b)/;
// The package warns of these, and goes on.
const FATAL = /invalid memory address|undefined address|not implemented yet|Opcode/;

const PackageCore = new RP2040().core.constructor;

// A Cortex-M0+ has no ARM state: jumps need an address with bit 0 set.
export class Core extends PackageCore {
  constructor(pico) {
    super(pico);
    this.blTaken = () => {
      // The instruction was two bytes long if it was a BLX, which the register has overwritten if it was lr.
      const opcode = this.rp2040.readUint16((this.LR & ~1) - 2);
      const register = (opcode >> 3) & 15;
      if (opcode >> 7 === 0b010001111 && register !== 14) this.needThumb(this.registers[register]);
    };
  }

  BXWritePC(address) {
    this.needThumb(address);
    super.BXWritePC(address);
  }

  needThumb(address) {
    if (!(address & 1)) this.rp2040.fault(`jump to ${hex(address)}, which is not Thumb code`);
  }
}

export class Pico extends RP2040 {
  constructor(rom, firmware, say) {
    super();
    this.cores = [new Core(this), new Core(this)];
    this.core = this.cores[0];
    this.warnings = new Set();
    this.say = say;
    this.onSeed = () => {};
    this.flashChanged = false;
    this.onFlashWrite = () => {};
    this.logger = {
      debug() {},
      // The package only says so when an instruction signals an event.
      info: (name, message) => message === 'SEV' && this.signalEvent(),
      warn: (name, message) => this.warned(`${name}: ${message}`),
      error: (name, message) => this.fault(`${name}: ${message}`),
    };
    this.onBreak = (code) => this.fault(`bkpt or udf ${code}`);
    this.peripherals[0x40058].onWatchdogTrigger = () => this.fault('reset by the watchdog');
    this.loadBootrom(new Uint32Array(Uint8Array.from(rom).buffer, 0, rom.length >> 2));
    this.flash.set(firmware);
  }

  // The two megabytes that the board has, for a file.
  get flashImage() {
    return this.flash.subarray(0, FLASH_SIZE);
  }

  fault(what) {
    throw new Fault(`fault on core ${this.cores.indexOf(this.core)}: ${what}`, this);
  }

  warned(text) {
    if (FATAL.test(text)) this.fault(text);
    if (HARMLESS.test(text) || this.warnings.has(text)) return;
    this.warnings.add(text);
    this.say(`warning: ${text}, pc ${hex(this.core.PC)}`);
  }

  control(offset, value) {
    if (offset === SEED) this.onSeed(value);
    else this.fault(`write to control register ${offset}`);
  }

  signalEvent() {
    for (const core of this.cores) {
      if (core.waiting) core.waiting = false;
      else core.eventRegistered = true;
    }
  }

  // Peripherals interrupt both cores; each has switched on those that it wants.
  setInterrupt(irq, value) {
    for (const core of this.cores ?? []) core.setInterrupt(irq, value);
  }

  readUint32(address) {
    if (address & 3) this.fault(`unaligned 32-bit read at ${hex(address)}`);
    if (address >>> 0 === CYCLES) return this.cores[0].cycles >>> 0;
    return super.readUint32(address);
  }

  readUint16(address) {
    if (address & 1) this.fault(`unaligned 16-bit read at ${hex(address)}`);
    return super.readUint16(address);
  }

  writeUint32(address, value) {
    if (address & 3) this.fault(`unaligned 32-bit write at ${hex(address)}`);
    if (address >>> 12 === CONTROL) return this.control(address & 0xfff, value);
    if (address >>> 0 < FLASH_END && this.checkWritable(address)) {
      this.onFlashWrite(address - FLASH_START, value);
    }
    super.writeUint32(address, value);
  }

  writeUint16(address, value) {
    if (address & 1) this.fault(`unaligned 16-bit write at ${hex(address)}`);
    if (address >>> 0 < FLASH_END) this.checkWritable(address);
    super.writeUint16(address, value);
  }

  writeUint8(address, value) {
    if (address >>> 0 < FLASH_END) this.checkWritable(address);
    super.writeUint8(address, value);
  }

  // Is it the boot ROM that writes to the flash? It stands for the flash chip's own programming, and nothing
  // else changes the flash.
  checkWritable(address) {
    const pc = this.core.PC >>> 0;
    if (pc < ROM_END && address >>> 0 >= ROM_END) {
      this.flashChanged = true;
      return true;
    }
    // TinyUSB 0.18, which the SDK puts at the start of the RAM, writes to address 0; the chip ignores that.
    if (address === 0 && pc >= 0x20000000 && pc < 0x20002000) return false;
    return this.fault(`write to ROM or flash at ${hex(address)}`);
  }
}

// A board with what is in the file of its flash; the firmware stays the one given.
export function newPico(rom, firmware, flash, say) {
  const pico = new Pico(rom, firmware, say);
  if (flash && fs.existsSync(flash)) {
    pico.flash.set(fs.readFileSync(flash).subarray(firmware.length), firmware.length);
  }
  return pico;
}
