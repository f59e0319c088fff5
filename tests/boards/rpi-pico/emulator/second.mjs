// SPDX-License-Identifier: MIT
// A second board, whose UART 0 is joined to that of the first one. Its USB serial port leads nowhere.
import { Cores } from './cores.mjs';
import { Serial } from './usb.mjs';
import { Uart } from './uart.mjs';

export class Second {
  // `uart0` is the first board's.
  constructor(pico, first, uart0) {
    this.clock = pico.clock;
    this.first = first.clock;
    this.cores = new Cores(pico);
    this.serial = new Serial(pico);
    const uart = new Uart(pico, 0, (byte) => uart0.feed([byte]));
    const { onByte } = uart0;
    uart0.onByte = (byte) => {
      onByte(byte);
      uart.feed([byte]);
    };
  }

  get toNextAlarm() {
    return this.clock.nextAlarm ? this.clock.nextAlarm.nanos - this.first.nanos : Infinity;
  }

  // If this board is behind the first one, let it do something. If it is awake and the first one is not, let
  // the first one sleep until this one is done. Was anything done?
  step(firstSleeps) {
    const { clock, first, cores } = this;
    const behind = first.nanos - clock.nanos;
    if (behind > 0) {
      if (cores.asleep) clock.tick(Math.min(behind, clock.nextAlarm ? clock.nanosToNextAlarm : behind));
      else cores.step();
      if (this.serial.output.length) this.serial.take();
      return true;
    }
    if (!firstSleeps || cores.asleep) return false;
    // The first one follows, by an instruction of this one at a time.
    cores.step();
    first.tick(Math.max(0, clock.nanos - first.nanos));
    return true;
  }
}
