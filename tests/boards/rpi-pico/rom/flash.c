// SPDX-License-Identifier: MIT
// Erasing and programming flash: the emulator lets code in the boot ROM, and no other, write to the
// flash's addresses.

#include "rom.h"

#define FLASH ((uint8_t *)0x10000000)

void rom_flash_erase(uint32_t offset, size_t count, uint32_t block_size, uint8_t block_command) {
    (void)block_size;
    (void)block_command;
    rom_memset(FLASH + offset, 0xff, count);
}

// As of a NOR flash, programming only clears bits.
void rom_flash_program(uint32_t offset, const uint8_t *data, size_t count) {
    uint32_t *to = (uint32_t *)(FLASH + offset);
    for (; count >= 4; count -= 4, data += 4) {
        *to++ &= data[0] | data[1] << 8 | data[2] << 16 | (uint32_t)data[3] << 24;
    }
}
