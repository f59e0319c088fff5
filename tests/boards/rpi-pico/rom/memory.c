// SPDX-License-Identifier: MIT
// Copying and filling memory, by words where all addresses allow that; and counting bits.

#include "rom.h"

static int is_aligned(const void *p) {
    return ((uintptr_t)p & 3) == 0;
}

void *rom_memcpy(void *dest, const void *src, size_t n) {
    uint8_t *to = dest;
    const uint8_t *from = src;
    if ((((uintptr_t)to ^ (uintptr_t)from) & 3) == 0) {
        for (; n > 0 && !is_aligned(to); n--) {
            *to++ = *from++;
        }
        for (; n >= 4; n -= 4, to += 4, from += 4) {
            *(uint32_t *)to = *(const uint32_t *)from;
        }
    }
    for (; n > 0; n--) {
        *to++ = *from++;
    }
    return dest;
}

void *rom_memset(void *dest, int byte, size_t n) {
    uint8_t *to = dest;
    for (; n > 0 && !is_aligned(to); n--) {
        *to++ = byte;
    }
    for (uint32_t word = (byte & 0xff) * 0x01010101u; n >= 4; n -= 4, to += 4) {
        *(uint32_t *)to = word;
    }
    for (; n > 0; n--) {
        *to++ = byte;
    }
    return dest;
}

uint32_t rom_popcount(uint32_t value) {
    uint32_t count = 0;
    for (; value; value &= value - 1) {
        count++;
    }
    return count;
}

uint32_t rom_reverse(uint32_t value) {
    uint32_t reversed = 0;
    for (int i = 0; i < 32; i++) {
        reversed = reversed << 1 | (value >> i & 1);
    }
    return reversed;
}
