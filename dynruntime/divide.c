// SPDX-License-Identifier: MIT
// Division of 32-bit integers, which GCC calls for Xtensa. Not every compiler's libgcc has it: the
// ESP8266 has these functions in its ROM, where a module cannot find them.

#include <stdint.h>

typedef struct _result_t {
    uint32_t quotient;
    uint32_t remainder;
} result_t;

static inline __attribute__((always_inline)) result_t divide(uint32_t n, uint32_t d) {
    result_t result = { 0, n };
    uint32_t bit = 1;
    while (d < n && d >> 31 == 0 && bit != 0) {
        d <<= 1;
        bit <<= 1;
    }
    for (; bit != 0; bit >>= 1, d >>= 1) {
        if (result.remainder >= d) {
            result.remainder -= d;
            result.quotient |= bit;
        }
    }
    return result;
}

static inline uint32_t absolute(int32_t n) {
    return n < 0 ? -(uint32_t)n : (uint32_t)n;
}

uint32_t __udivsi3(uint32_t n, uint32_t d);
uint32_t __umodsi3(uint32_t n, uint32_t d);
int32_t __divsi3(int32_t n, int32_t d);
int32_t __modsi3(int32_t n, int32_t d);

uint32_t __udivsi3(uint32_t n, uint32_t d) {
    return divide(n, d).quotient;
}

uint32_t __umodsi3(uint32_t n, uint32_t d) {
    return divide(n, d).remainder;
}

int32_t __divsi3(int32_t n, int32_t d) {
    uint32_t quotient = divide(absolute(n), absolute(d)).quotient;
    return (n ^ d) < 0 ? -quotient : quotient;
}

int32_t __modsi3(int32_t n, int32_t d) {
    // The sign is that of n.
    uint32_t remainder = divide(absolute(n), absolute(d)).remainder;
    return n < 0 ? -remainder : remainder;
}
