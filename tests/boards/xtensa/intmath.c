// SPDX-License-Identifier: MIT
// The integer functions that GCC calls where the core has no instruction: Debian's libgcc has some
// of them in the ESP8266's ROM only, and none for the windowed ABI.
//
// Nothing in here may multiply, divide or shift by a variable in a way that GCC would turn into a
// call of the same function, so 64-bit values are taken apart.

#include "softmath.h"

typedef union {
    uint64_t u64;
    struct {
        uint32_t lo, hi;
    };
} parts_t;

static uint64_t join(uint32_t hi, uint32_t lo) {
    parts_t parts = { .hi = hi, .lo = lo };
    return parts.u64;
}

/******************************************************************************/
// Shifts by 0 to 63

uint64_t __ashldi3(uint64_t value, int n) {
    parts_t v = { value };
    if (n >= 32) {
        return join(v.lo << (n - 32), 0);
    }
    return n == 0 ? value : join(v.hi << n | v.lo >> (32 - n), v.lo << n);
}

uint64_t __lshrdi3(uint64_t value, int n) {
    parts_t v = { value };
    if (n >= 32) {
        return join(0, v.hi >> (n - 32));
    }
    return n == 0 ? value : join(v.hi >> n, v.lo >> n | v.hi << (32 - n));
}

uint64_t __ashrdi3(uint64_t value, int n) {
    parts_t v = { value };
    int32_t hi = v.hi;
    if (n >= 32) {
        return join(hi >> 31, hi >> (n - 32));
    }
    return n == 0 ? value : join(hi >> n, v.lo >> n | v.hi << (32 - n));
}

/******************************************************************************/
// Multiplication

uint32_t __mulsi3(uint32_t a, uint32_t b) {
    uint32_t product = 0;
    for (; a != 0; a >>= 1, b <<= 1) {
        product += -(a & 1) & b;
    }
    return product;
}

uint64_t __umulsidi3(uint32_t a, uint32_t b) {
    uint32_t al = a & 0xffff, ah = a >> 16;
    uint32_t bl = b & 0xffff, bh = b >> 16;
    uint32_t low = al * bl;
    // Neither sum exceeds 32 bits: 0xffff * 0xffff + 2 * 0xffff is 0xffffffff.
    uint32_t middle = ah * bl + (low >> 16);
    uint32_t other = al * bh + (middle & 0xffff);
    return join(ah * bh + (middle >> 16) + (other >> 16), other << 16 | (low & 0xffff));
}

uint64_t __muldi3(uint64_t a_in, uint64_t b_in) {
    parts_t a = { a_in }, b = { b_in };
    parts_t low = { __umulsidi3(a.lo, b.lo) };
    return join(low.hi + a.lo * b.hi + a.hi * b.lo, low.lo);
}

/******************************************************************************/
// Division, bit by bit. By zero gives all ones.

static uint32_t divide(uint32_t n, uint32_t d, uint32_t *remainder) {
    uint32_t quotient = 0;
    if (d == 0) {
        quotient = UINT32_MAX;
    } else if (n >= d) {
        // From where the divisor's highest bit meets that of n.
        for (int i = __builtin_clz(d) - __builtin_clz(n); i >= 0; i--) {
            quotient <<= 1;
            if (n >= d << i) {
                n -= d << i;
                quotient |= 1;
            }
        }
    }
    *remainder = n;
    return quotient;
}

uint32_t __udivsi3(uint32_t n, uint32_t d) {
    uint32_t rest;
    return divide(n, d, &rest);
}

uint32_t __umodsi3(uint32_t n, uint32_t d) {
    uint32_t rest;
    divide(n, d, &rest);
    return rest;
}

int32_t __divsi3(int32_t n_in, int32_t d_in) {
    uint32_t n = n_in, d = d_in, rest;
    uint32_t quotient = divide(n_in < 0 ? -n : n, d_in < 0 ? -d : d, &rest);
    return (n_in < 0) != (d_in < 0) ? -quotient : quotient;
}

int32_t __modsi3(int32_t n_in, int32_t d_in) {
    uint32_t n = n_in, d = d_in, rest;
    divide(n_in < 0 ? -n : n, d_in < 0 ? -d : d, &rest);
    return n_in < 0 ? -rest : rest;
}

uint64_t __udivmoddi4(uint64_t n_in, uint64_t d, uint64_t *remainder) {
    parts_t n = { n_in }, quotient = { 0 }, rest = { 0 };
    for (int i = 0; i < 64; i++) {
        uint32_t carry = rest.hi >> 31;
        rest.hi = rest.hi << 1 | rest.lo >> 31;
        rest.lo = rest.lo << 1 | n.hi >> 31;
        n.hi = n.hi << 1 | n.lo >> 31;
        n.lo <<= 1;
        quotient.hi = quotient.hi << 1 | quotient.lo >> 31;
        quotient.lo <<= 1;
        if (carry || rest.u64 >= d) {
            rest.u64 -= d;
            quotient.lo |= 1;
        }
    }
    *remainder = rest.u64;
    return quotient.u64;
}

uint64_t __udivdi3(uint64_t n, uint64_t d) {
    uint64_t rest;
    return __udivmoddi4(n, d, &rest);
}

uint64_t __umoddi3(uint64_t n, uint64_t d) {
    uint64_t rest;
    __udivmoddi4(n, d, &rest);
    return rest;
}

int64_t __divdi3(int64_t n_in, int64_t d_in) {
    uint64_t n = n_in, d = d_in, rest;
    uint64_t quotient = __udivmoddi4(n_in < 0 ? -n : n, d_in < 0 ? -d : d, &rest);
    return (n_in < 0) != (d_in < 0) ? -quotient : quotient;
}

int64_t __moddi3(int64_t n_in, int64_t d_in) {
    uint64_t n = n_in, d = d_in, rest;
    __udivmoddi4(n_in < 0 ? -n : n, d_in < 0 ? -d : d, &rest);
    return n_in < 0 ? -rest : rest;
}

/******************************************************************************/
// Bits

// The number of zeros above the highest bit, of a value that is not 0.
int __clzsi2(uint32_t value) {
    int n = 0;
    for (; !(value & 0x80000000); value <<= 1) {
        n++;
    }
    return n;
}

int __ctzsi2(uint32_t value) {
    return 31 - __clzsi2(value & -value);
}

int __popcountsi2(uint32_t value) {
    int n = 0;
    for (; value != 0; value &= value - 1) {
        n++;
    }
    return n;
}

uint32_t __bswapsi2(uint32_t value) {
    return value << 24 | (value & 0xff00) << 8 | (value >> 8 & 0xff00) | value >> 24;
}
