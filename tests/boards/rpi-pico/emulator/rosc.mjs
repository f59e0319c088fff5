// SPDX-License-Identifier: MIT
// The random bits of the ring oscillator, whose register the package reads as what never changes. Here a
// number chooses them, so that a run can be repeated.

const ROSC = 0x40060;
const RANDOM_BIT = 0x1c;

export function setRandomBits(pico, number) {
  let random = Math.imul(0x9e3779b9, number + 1) >>> 0;
  const rosc = pico.peripherals[ROSC];
  const { readUint32 } = rosc;
  rosc.readUint32 = (offset) => {
    if (offset !== RANDOM_BIT) return readUint32.call(rosc, offset);
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    return random >>> 31;
  };
}
