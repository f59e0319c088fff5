// SPDX-License-Identifier: MIT
// The boot ROM's functions that its tables in head.S and floats.c name.

#ifndef ROM_H
#define ROM_H

#include <stddef.h>
#include <stdint.h>

void *rom_memcpy(void *dest, const void *src, size_t n);
void *rom_memset(void *dest, int byte, size_t n);

void rom_flash_erase(uint32_t offset, size_t count, uint32_t block_size, uint8_t block_command);
void rom_flash_program(uint32_t offset, const uint8_t *data, size_t count);

uint32_t rom_popcount(uint32_t value);
uint32_t rom_reverse(uint32_t value);

// What a table names where MicroPython needs no function: it stops the emulator.
void rom_missing(void);

typedef void (*rom_function_t)(void);
extern const rom_function_t rom_float_table[32];
extern const rom_function_t rom_double_table[32];

#endif
