// SPDX-License-Identifier: MIT
// Single precision floats by IEEE 754, rounded to nearest even, for GCC to call. Of double
// precision there are the conversions only, which is all that MicroPython needs when its own
// floats are single. Everything takes and returns bit patterns.

#include "softmath.h"

#define SIGN (0x80000000)
#define INFINITE (0x7f800000)
#define NOT_A_NUMBER (0x7fc00000)
#define HIDDEN (0x00800000)

// Results are rounded from mantissas with their highest bit, the one, in bit 30. Of the seven
// bits that do not fit a float the lowest stands for all that were lost below ("sticky").
#define ONE_BIT (30)
#define EXTRA_BITS (7)

#define EXPONENT(x) ((int)((x) >> 23 & 0xff))
#define IS_NAN(x) (((x) & ~SIGN) > INFINITE)

static uint32_t shift_right_sticky(uint32_t value, int n) {
    if (n == 0) {
        return value;
    }
    return n > 31 ? value != 0 : value >> n | (value << (32 - n) != 0);
}

// The float of a mantissa with its one in bit 30 and a biased exponent, both not yet in range.
static uint32_t round_and_pack(uint32_t sign, int exponent, uint32_t mantissa) {
    if (exponent >= 0xff) {
        return sign | INFINITE;
    }
    if (exponent <= 0) {
        // Subnormal: the hidden bit becomes visible, and the exponent field 0.
        mantissa = shift_right_sticky(mantissa, 1 - exponent);
        exponent = 1;
    }
    uint32_t half = 1 << (EXTRA_BITS - 1);
    uint32_t extra = mantissa & (2 * half - 1);
    mantissa = (mantissa + half) >> EXTRA_BITS;
    if (extra == half) {
        mantissa &= ~1;
    }
    // A hidden bit, also one that came by rounding, counts the exponent up by one.
    return sign | (((uint32_t)(exponent - 1) << 23) + mantissa);
}

// The same of any mantissa.
static uint32_t normalise_and_pack(uint32_t sign, int exponent, uint32_t mantissa) {
    if (mantissa == 0) {
        return sign;
    }
    if (mantissa & SIGN) {
        return round_and_pack(sign, exponent + 1, shift_right_sticky(mantissa, 1));
    }
    for (; !(mantissa >> ONE_BIT); mantissa <<= 1) {
        exponent--;
    }
    return round_and_pack(sign, exponent, mantissa);
}

// The mantissa of a finite float with its hidden bit; *exponent becomes that of a normal number.
static uint32_t unpack(uint32_t x, int *exponent) {
    *exponent = EXPONENT(x);
    if (*exponent == 0) {
        *exponent = 1;
        return x & (HIDDEN - 1);
    }
    return (x & (HIDDEN - 1)) | HIDDEN;
}

// The same with the hidden bit set, of a float that is not 0.
static uint32_t unpack_normal(uint32_t x, int *exponent) {
    uint32_t mantissa = unpack(x, exponent);
    for (; !(mantissa & HIDDEN); mantissa <<= 1) {
        *exponent -= 1;
    }
    return mantissa;
}

/******************************************************************************/
// Arithmetic

uint32_t __addsf3(uint32_t a, uint32_t b) {
    if (IS_NAN(a) || IS_NAN(b)) {
        return NOT_A_NUMBER;
    }
    // The one with the greater magnitude first.
    if ((a & ~SIGN) < (b & ~SIGN)) {
        uint32_t t = a;
        a = b;
        b = t;
    }
    uint32_t sign = a & SIGN;
    bool subtract = sign != (b & SIGN);
    if (EXPONENT(a) == 0xff) {
        return subtract && EXPONENT(b) == 0xff ? NOT_A_NUMBER : a;
    }
    int exponent, exponent_b;
    uint32_t mantissa = unpack(a, &exponent) << EXTRA_BITS;
    uint32_t other = unpack(b, &exponent_b) << EXTRA_BITS;
    other = shift_right_sticky(other, exponent - exponent_b);
    mantissa = subtract ? mantissa - other : mantissa + other;
    if (mantissa == 0 && subtract) {
        sign = 0; // x - x is +0.
    }
    return normalise_and_pack(sign, exponent, mantissa);
}

uint32_t __subsf3(uint32_t a, uint32_t b) {
    return __addsf3(a, b ^ SIGN);
}

uint32_t __negsf2(uint32_t a) {
    return a ^ SIGN;
}

uint32_t __mulsf3(uint32_t a, uint32_t b) {
    uint32_t sign = (a ^ b) & SIGN;
    a &= ~SIGN;
    b &= ~SIGN;
    if (IS_NAN(a) || IS_NAN(b) || (a == INFINITE && b == 0) || (a == 0 && b == INFINITE)) {
        return NOT_A_NUMBER;
    }
    if (a == INFINITE || b == INFINITE) {
        return sign | INFINITE;
    }
    if (a == 0 || b == 0) {
        return sign;
    }
    int exponent_a, exponent_b;
    // With ones in bits 31 and 30, the product has its one in bit 61 or 62.
    uint32_t mantissa_a = unpack_normal(a, &exponent_a) << 8;
    uint32_t mantissa_b = unpack_normal(b, &exponent_b) << 7;
    uint64_t product = __umulsidi3(mantissa_a, mantissa_b);
    uint32_t mantissa = (uint32_t)(product >> 32) | ((uint32_t)product != 0);
    return normalise_and_pack(sign, exponent_a + exponent_b - 126, mantissa);
}

uint32_t __divsf3(uint32_t a, uint32_t b) {
    uint32_t sign = (a ^ b) & SIGN;
    a &= ~SIGN;
    b &= ~SIGN;
    if (IS_NAN(a) || IS_NAN(b) || (a == b && (a == INFINITE || a == 0))) {
        return NOT_A_NUMBER;
    }
    if (a == INFINITE || b == 0) {
        return sign | INFINITE;
    }
    if (a == 0 || b == INFINITE) {
        return sign;
    }
    int exponent_a, exponent_b;
    uint32_t rest = unpack_normal(a, &exponent_a);
    uint32_t divisor = unpack_normal(b, &exponent_b);
    // The quotient of the mantissas lies between 1/2 and 2: 31 bits, the first of weight 1.
    uint32_t quotient = 0;
    for (int i = ONE_BIT; i >= 0; i--) {
        quotient <<= 1;
        if (rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
        rest <<= 1;
    }
    return normalise_and_pack(sign, exponent_a - exponent_b + 127, quotient | (rest != 0));
}

/******************************************************************************/
// Comparison

// -1, 0 or 1; `unordered` where one of the two is not a number.
static int compare(uint32_t a, uint32_t b, int unordered) {
    if (IS_NAN(a) || IS_NAN(b)) {
        return unordered;
    }
    if (a == b || ((a | b) & ~SIGN) == 0) {
        return 0;
    }
    if ((a ^ b) & SIGN) {
        return a & SIGN ? -1 : 1;
    }
    return (a < b) == !(a & SIGN) ? -1 : 1;
}

// The result stands to 0 as a to b. Each name says which answers must be wrong for NaN.
int __eqsf2(uint32_t a, uint32_t b) {
    return compare(a, b, 1);
}

int __nesf2(uint32_t a, uint32_t b) {
    return compare(a, b, 1);
}

int __ltsf2(uint32_t a, uint32_t b) {
    return compare(a, b, 1);
}

int __lesf2(uint32_t a, uint32_t b) {
    return compare(a, b, 1);
}

int __gtsf2(uint32_t a, uint32_t b) {
    return compare(a, b, -1);
}

int __gesf2(uint32_t a, uint32_t b) {
    return compare(a, b, -1);
}

int __unordsf2(uint32_t a, uint32_t b) {
    return IS_NAN(a) || IS_NAN(b);
}

/******************************************************************************/
// Conversion from and to integers

uint32_t __floatundisf(uint64_t value) {
    int exponent = 127 + ONE_BIT;
    while (value >> 32) {
        value = value >> 1 | (value & 1);
        exponent++;
    }
    return normalise_and_pack(0, exponent, (uint32_t)value);
}

uint32_t __floatdisf(int64_t value) {
    return value < 0 ? __floatundisf(-(uint64_t)value) | SIGN : __floatundisf(value);
}

uint32_t __floatunsisf(uint32_t value) {
    return normalise_and_pack(0, 127 + ONE_BIT, value);
}

uint32_t __floatsisf(int32_t value) {
    return value < 0 ? __floatunsisf(-(uint32_t)value) | SIGN : __floatunsisf(value);
}

// Rounds towards zero. What does not fit is undefined in C; it gives some value.
uint64_t __fixunssfdi(uint32_t x) {
    int n = EXPONENT(x) - (127 + 23);
    uint64_t mantissa = (x & (HIDDEN - 1)) | HIDDEN;
    if (n < 0) {
        return n < -23 ? 0 : mantissa >> -n;
    }
    return n > 40 ? UINT64_MAX : mantissa << n;
}

int64_t __fixsfdi(uint32_t x) {
    uint64_t magnitude = __fixunssfdi(x);
    if (magnitude > INT64_MAX) {
        return x & SIGN ? INT64_MIN : INT64_MAX;
    }
    return x & SIGN ? -magnitude : magnitude;
}

uint32_t __fixunssfsi(uint32_t x) {
    uint64_t value = __fixunssfdi(x);
    return value > UINT32_MAX ? UINT32_MAX : value;
}

int32_t __fixsfsi(uint32_t x) {
    int64_t value = __fixsfdi(x);
    return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : value;
}

/******************************************************************************/
// Conversion from and to double precision

#define DOUBLE_BIAS (1023)
#define DOUBLE_BITS (52)

uint64_t __extendsfdf2(uint32_t x) {
    uint64_t sign = (uint64_t)(x & SIGN) << 32;
    x &= ~SIGN;
    if (x == 0) {
        return sign;
    }
    int exponent = 0x7ff;
    uint64_t mantissa = x & (HIDDEN - 1);
    if (x < INFINITE) {
        mantissa = unpack_normal(x, &exponent) & (HIDDEN - 1);
        exponent += DOUBLE_BIAS - 127;
    }
    return sign | (uint64_t)exponent << DOUBLE_BITS | mantissa << (DOUBLE_BITS - 23);
}

uint64_t __floatsidf(int32_t value) {
    if (value == 0) {
        return 0;
    }
    uint64_t mantissa = value < 0 ? -(uint32_t)value : (uint32_t)value;
    int exponent = DOUBLE_BIAS + DOUBLE_BITS;
    for (; !(mantissa >> DOUBLE_BITS); mantissa <<= 1) {
        exponent--;
    }
    // The hidden bit counts the exponent up by one.
    uint64_t sign = (uint64_t)((uint32_t)value & SIGN) << 32;
    return sign | (((uint64_t)(exponent - 1) << DOUBLE_BITS) + mantissa);
}

uint32_t __truncdfsf2(uint64_t x) {
    uint32_t sign = (uint32_t)(x >> 32) & SIGN;
    int exponent = (int)(x >> DOUBLE_BITS) & 0x7ff;
    uint64_t fraction = x & (((uint64_t)1 << DOUBLE_BITS) - 1);
    if (exponent == 0x7ff) {
        return fraction ? NOT_A_NUMBER : sign | INFINITE;
    }
    if (exponent == 0) {
        return sign; // Far below the smallest float.
    }
    int lost = DOUBLE_BITS - ONE_BIT;
    uint32_t mantissa = (uint32_t)(fraction >> lost) | 1 << ONE_BIT;
    mantissa |= (fraction << (64 - lost)) != 0;
    return round_and_pack(sign, exponent - DOUBLE_BIAS + 127, mantissa);
}
