// SPDX-License-Identifier: MIT
// The arithmetic of floats. As in the chip's ROM, subnormal numbers are zero, as operands and as
// results.

#include "pico/bootrom/sf_table.h"
#include "rom.h"

typedef union {
    float value;
    uint32_t bits;
} float_bits_t;

typedef union {
    double value;
    uint64_t bits;
} double_bits_t;

static inline float flush(float x) {
    float_bits_t u = {.value = x};
    if ((u.bits & 0x7f800000) == 0) {
        u.bits &= 0x80000000;
    }
    return u.value;
}

static inline double flush_double(double x) {
    double_bits_t u = {.value = x};
    if ((u.bits & 0x7ff0000000000000) == 0) {
        u.bits &= 0x8000000000000000;
    }
    return u.value;
}

#define OPERATION(name, type, operator, flush) \
    static type name(type a, type b) { \
        return flush(flush(a) operator flush(b)); \
    }

OPERATION(float_add, float, +, flush)
OPERATION(float_sub, float, -, flush)
OPERATION(float_mul, float, *, flush)
OPERATION(float_div, float, /, flush)
OPERATION(double_add, double, +, flush_double)
OPERATION(double_sub, double, -, flush_double)
OPERATION(double_mul, double, *, flush_double)
OPERATION(double_div, double, /, flush_double)

#define CONVERSION(name, from, to) \
    static to name(from x) { \
        return (to)x; \
    }

CONVERSION(float_from_int64, int64_t, float)
CONVERSION(float_from_uint64, uint64_t, float)
CONVERSION(double_from_int64, int64_t, double)
CONVERSION(double_from_uint64, uint64_t, double)
CONVERSION(double_from_uint, uint32_t, double)

// To unsigned integers: what is out of range becomes the nearest.
#define TO_UNSIGNED(name, from, to, limit) \
    static to name(from x) { \
        return x < 0 ? 0 : x >= limit ? (to) - 1 : (to)x; \
    }

TO_UNSIGNED(float_to_uint, float, uint32_t, 0x1p32f)
TO_UNSIGNED(float_to_uint64, float, uint64_t, 0x1p64f)
TO_UNSIGNED(double_to_uint, double, uint32_t, 0x1p32)
TO_UNSIGNED(double_to_uint64, double, uint64_t, 0x1p64)

static double double_from_float(float x) {
    return flush(x);
}

static float float_from_double(double x) {
    return flush((float)x);
}

#define ENTRY(offset, function) [(offset) / 4] = (rom_function_t)function

// In both tables, the offsets are those that the pico-sdk names for floats.
const rom_function_t rom_float_table[32] = {
    [0 ... 31] = rom_missing,
    ENTRY(SF_TABLE_FADD, float_add),
    ENTRY(SF_TABLE_FSUB, float_sub),
    ENTRY(SF_TABLE_FMUL, float_mul),
    ENTRY(SF_TABLE_FDIV, float_div),
    ENTRY(SF_TABLE_FLOAT2UINT, float_to_uint),
    ENTRY(SF_TABLE_FLOAT2UINT64, float_to_uint64),
    ENTRY(SF_TABLE_INT642FLOAT, float_from_int64),
    ENTRY(SF_TABLE_UINT642FLOAT, float_from_uint64),
    ENTRY(SF_TABLE_FLOAT2DOUBLE, double_from_float),
};

const rom_function_t rom_double_table[32] = {
    [0 ... 31] = rom_missing,
    ENTRY(SF_TABLE_FADD, double_add),
    ENTRY(SF_TABLE_FSUB, double_sub),
    ENTRY(SF_TABLE_FMUL, double_mul),
    ENTRY(SF_TABLE_FDIV, double_div),
    ENTRY(SF_TABLE_FLOAT2UINT, double_to_uint),
    ENTRY(SF_TABLE_FLOAT2UINT64, double_to_uint64),
    ENTRY(SF_TABLE_INT642FLOAT, double_from_int64),
    ENTRY(SF_TABLE_UINT642FLOAT, double_from_uint64),
    ENTRY(SF_TABLE_UINT2FLOAT, double_from_uint),
    ENTRY(SF_TABLE_FLOAT2DOUBLE, float_from_double),
};
