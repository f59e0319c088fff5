// SPDX-License-Identifier: MIT
// The MessagePack format: headers of objects <-> tags. Pure C, no MicroPython, no memory of its own.
//
// An object is a header (the first byte and the big-endian argument after it) and, for str, bin
// and ext, a payload of bytes, or for array and map the objects that they hold. This file alone
// knows the layout of headers; see the "Formats" section of the MessagePack specification.
#ifndef MSGPACK_FORMAT_H
#define MSGPACK_FORMAT_H

#include <stddef.h>
#include <stdint.h>

// First bytes. Those that are followed by an argument of 1, 2, 4 or 8 bytes stand in a row, the
// shortest first.
enum {
    FORMAT_POSITIVE_FIXINT = 0x00, // to 0x7f
    FORMAT_FIXMAP = 0x80, // to 0x8f
    FORMAT_FIXARRAY = 0x90, // to 0x9f
    FORMAT_FIXSTR = 0xa0, // to 0xbf
    FORMAT_NIL = 0xc0,
    FORMAT_NEVER_USED = 0xc1,
    FORMAT_FALSE = 0xc2,
    FORMAT_TRUE = 0xc3,
    FORMAT_BIN8 = 0xc4,
    FORMAT_EXT8 = 0xc7,
    FORMAT_FLOAT32 = 0xca,
    FORMAT_FLOAT64 = 0xcb,
    FORMAT_UINT8 = 0xcc,
    FORMAT_INT8 = 0xd0,
    FORMAT_FIXEXT1 = 0xd4, // then for 2, 4, 8 and 16 bytes
    FORMAT_STR8 = 0xd9,
    FORMAT_STR16 = 0xda,
    FORMAT_ARRAY16 = 0xdc,
    FORMAT_MAP16 = 0xde,
    FORMAT_NEGATIVE_FIXINT = 0xe0, // to 0xff
};

enum {
    FORMAT_FIXMAP_MAX = 15,
    FORMAT_FIXARRAY_MAX = 15,
    FORMAT_FIXSTR_MAX = 31,
    FORMAT_FIXEXT_MAX = 16,
    FORMAT_HEADER_MAX = 9, // Bytes of the longest header.
    FORMAT_FLOAT32_SIZE = 5, // Of a number of single precision.
    FORMAT_EXT_TIMESTAMP = -1, // The type code of timestamps.
};

// Objects with a payload or elements come last, so that one comparison tells them apart.
typedef enum {
    KIND_NIL,
    KIND_BOOL, // lo is 0 or 1.
    KIND_UINT, // hi:lo is the value.
    KIND_INT, // hi:lo is the value in two's complement; may be positive in an overlong form.
    KIND_FLOAT32, // lo has the bits of the IEEE 754 number.
    KIND_FLOAT64, // hi:lo has them.
    KIND_INVALID, // The byte that is never used.
    KIND_STR, // lo is the number of bytes in the payload, also for bin and ext.
    KIND_BIN,
    KIND_EXT, // code is the type code.
    KIND_ARRAY, // lo is the number of elements.
    KIND_MAP, // lo is the number of pairs.
} format_kind_t;

typedef struct _format_tag_t {
    uint8_t kind; // A format_kind_t.
    int8_t code;
    uint32_t hi;
    uint32_t lo;
} format_tag_t;

// What follows the first bytes from FORMAT_NIL to FORMAT_NEGATIVE_FIXINT - 1: the kind in the high
// half, and the size of the argument in the low one: 1 << (n - 1) bytes, or none for 0.
#define FORMAT_FORM(kind, n) ((kind) << 4 | (n))
static const uint8_t format_forms[FORMAT_NEGATIVE_FIXINT - FORMAT_NIL] = {
    FORMAT_FORM(KIND_NIL, 0), FORMAT_FORM(KIND_INVALID, 0), FORMAT_FORM(KIND_BOOL, 0), FORMAT_FORM(KIND_BOOL, 0),
    FORMAT_FORM(KIND_BIN, 1), FORMAT_FORM(KIND_BIN, 2), FORMAT_FORM(KIND_BIN, 3), FORMAT_FORM(KIND_EXT, 1),
    FORMAT_FORM(KIND_EXT, 2), FORMAT_FORM(KIND_EXT, 3), FORMAT_FORM(KIND_FLOAT32, 3), FORMAT_FORM(KIND_FLOAT64, 4),
    FORMAT_FORM(KIND_UINT, 1), FORMAT_FORM(KIND_UINT, 2), FORMAT_FORM(KIND_UINT, 3), FORMAT_FORM(KIND_UINT, 4),
    FORMAT_FORM(KIND_INT, 1), FORMAT_FORM(KIND_INT, 2), FORMAT_FORM(KIND_INT, 3), FORMAT_FORM(KIND_INT, 4),
    FORMAT_FORM(KIND_EXT, 0), FORMAT_FORM(KIND_EXT, 0), FORMAT_FORM(KIND_EXT, 0), FORMAT_FORM(KIND_EXT, 0),
    FORMAT_FORM(KIND_EXT, 0), FORMAT_FORM(KIND_STR, 1), FORMAT_FORM(KIND_STR, 2), FORMAT_FORM(KIND_STR, 3),
    FORMAT_FORM(KIND_ARRAY, 2), FORMAT_FORM(KIND_ARRAY, 3), FORMAT_FORM(KIND_MAP, 2), FORMAT_FORM(KIND_MAP, 3),
};

// Whether a first byte is that of a small integer, which is the byte itself as a signed number.
static inline int format_is_fixint(uint8_t first) {
    return (int8_t)first >= -32;
}

// The same for a value.
static inline int format_fits_fixint(intptr_t value) {
    return (uintptr_t)value + 32 < 32 + FORMAT_FIXMAP;
}

static inline uint32_t format_load32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

// Decode the header at p, of which avail bytes are there, at least one. Returns how many bytes the
// header has; the tag is complete only if that is not more than avail. Never reads past avail.
static inline size_t format_decode(const uint8_t *p, size_t avail, format_tag_t *tag) {
    unsigned int first = *p;
    tag->hi = 0;
    if (first < FORMAT_NIL || first >= FORMAT_NEGATIVE_FIXINT) {
        if (first >= FORMAT_NEGATIVE_FIXINT) {
            tag->kind = KIND_INT;
            tag->hi = UINT32_MAX;
            tag->lo = (uint32_t)(int8_t)first;
        } else if (first >= FORMAT_FIXSTR) {
            tag->kind = KIND_STR;
            tag->lo = first & FORMAT_FIXSTR_MAX;
        } else if (first < FORMAT_FIXMAP) {
            tag->kind = KIND_UINT;
            tag->lo = first;
        } else {
            tag->kind = first < FORMAT_FIXARRAY ? KIND_MAP : KIND_ARRAY;
            tag->lo = first & FORMAT_FIXARRAY_MAX;
        }
        return 1;
    }
    unsigned int form = format_forms[first & 0x1f]; // FORMAT_NIL is a multiple of 32.
    unsigned int kind = form >> 4;
    unsigned int arg = 1 << (form & 15) >> 1;
    size_t size = 1 + arg + (kind == KIND_EXT);
    if (size > avail) {
        return size;
    }
    uint32_t lo;
    if (arg == 0) {
        lo = kind == KIND_EXT ? 1u << (first - FORMAT_FIXEXT1) : first & 1;
    } else {
        lo = p[1];
        if (kind == KIND_INT && lo & 0x80) {
            lo -= 0x100;
            tag->hi = UINT32_MAX;
        }
        if (arg >= 2) {
            lo = lo << 8 | p[2];
        }
        if (arg >= 4) {
            lo = lo << 16 | p[3] << 8 | p[4];
        }
        if (arg == 8) {
            tag->hi = lo;
            lo = format_load32(p + 5);
        }
    }
    if (kind == KIND_EXT) {
        tag->code = (int8_t)p[size - 1];
    }
    tag->kind = kind;
    tag->lo = lo;
    return size;
}

// Decode an integer whose argument has 1 or 2 bytes, of which avail are there: its size, or 0 if p
// has anything else.
static inline size_t format_decode_int(const uint8_t *p, size_t avail, int *value) {
    unsigned int form = *p - FORMAT_UINT8;
    unsigned int is_int = form & (FORMAT_INT8 - FORMAT_UINT8);
    size_t arg = form - is_int + 1;
    if (arg > 2 || arg >= avail) {
        return 0;
    }
    int result = is_int ? (int8_t)p[1] : p[1];
    *value = arg == 1 ? result : result * 256 + p[2];
    return 1 + arg;
}

// Decode a floating-point number, of which avail bytes are there, at least one: its size, or 0 if it
// is longer, or p has anything else. In one of single precision hi means nothing.
static inline size_t format_decode_float(const uint8_t *p, size_t avail, uint32_t *hi, uint32_t *lo) {
    unsigned int is_double = *p - FORMAT_FLOAT32;
    size_t size = FORMAT_FLOAT32_SIZE + 4 * is_double;
    if (is_double > 1 || size > avail) {
        return 0;
    }
    *hi = format_load32(p + 1);
    *lo = format_load32(p + size - 4);
    return size;
}

// Write a first byte and the lowest arg bytes (0, 1, 2 or 4) of lo; returns where the header ends.
static inline uint8_t *format_put(uint8_t *p, uint8_t first, unsigned int arg, uint32_t lo) {
    *p++ = first;
    if (arg > 2) {
        *p++ = lo >> 24;
        *p++ = lo >> 16;
    }
    if (arg > 1) {
        *p++ = lo >> 8;
    }
    if (arg > 0) {
        *p++ = lo;
    }
    return p;
}

// The same with an argument of 8 bytes.
static inline uint8_t *format_put64(uint8_t *p, uint8_t first, uint32_t hi, uint32_t lo) {
    p = format_put(p, first, 4, hi);
    *p++ = lo >> 24;
    return format_put(p, lo >> 16, 2, lo);
}

// Encode the header of an integer, an array, a map, a str, a bin, or an ext in its shortest form,
// at p where FORMAT_HEADER_MAX bytes are free. Each returns where the header ends.

static inline uint8_t *format_encode_uint(uint8_t *p, uint32_t hi, uint32_t lo) {
    if (hi != 0) {
        return format_put64(p, FORMAT_UINT8 + 3, hi, lo);
    }
    if (lo < FORMAT_FIXMAP) {
        *p++ = lo;
        return p;
    }
    unsigned int power = lo <= UINT8_MAX ? 0 : lo <= UINT16_MAX ? 1 : 2;
    return format_put(p, FORMAT_UINT8 + power, 1 << power, lo);
}

// For those above a fixint, up to 16 bits.
static inline uint8_t *format_encode_uint16(uint8_t *p, uint32_t lo) {
    uint8_t *first = p++;
    *first = FORMAT_UINT8;
    if (lo > UINT8_MAX) {
        *first = FORMAT_UINT8 + 1;
        *p++ = lo >> 8;
    }
    *p++ = lo;
    return p;
}

// For negative numbers in two's complement.
static inline uint8_t *format_encode_negative(uint8_t *p, uint32_t hi, uint32_t lo) {
    if (hi != UINT32_MAX || lo < (uint32_t)INT32_MIN) {
        return format_put64(p, FORMAT_INT8 + 3, hi, lo);
    }
    if (lo >= (uint32_t)-32) {
        *p++ = lo;
        return p;
    }
    unsigned int power = lo >= (uint32_t)INT8_MIN ? 0 : lo >= (uint32_t)INT16_MIN ? 1 : 2;
    return format_put(p, FORMAT_INT8 + power, 1 << power, lo);
}

// Lengths: in the first byte fix up to fix_max, otherwise after it in 1 << power bytes; row is
// the first byte for power 0, which need not exist if min_power is larger.
static inline uint8_t *format_encode_len(uint8_t *p, uint8_t fix, int fix_max, uint8_t row, unsigned int min_power,
    uint32_t len) {
    if ((int32_t)len <= fix_max && len <= UINT8_MAX) {
        *p++ = fix | len;
        return p;
    }
    unsigned int power = len <= UINT8_MAX ? 0 : len <= UINT16_MAX ? 1 : 2;
    if (power < min_power) {
        power = min_power;
    }
    return format_put(p, row + power, 1 << power, len);
}

static inline uint8_t *format_encode_array(uint8_t *p, uint32_t len) {
    return format_encode_len(p, FORMAT_FIXARRAY, FORMAT_FIXARRAY_MAX, FORMAT_ARRAY16 - 1, 1, len);
}

static inline uint8_t *format_encode_map(uint8_t *p, uint32_t len) {
    return format_encode_len(p, FORMAT_FIXMAP, FORMAT_FIXMAP_MAX, FORMAT_MAP16 - 1, 1, len);
}

// Without str8, as the format was before it had bin, when old is set.
static inline uint8_t *format_encode_str(uint8_t *p, uint32_t len, int old) {
    return format_encode_len(p, FORMAT_FIXSTR, FORMAT_FIXSTR_MAX, FORMAT_STR8, old != 0, len);
}

static inline uint8_t *format_encode_fixstr(uint8_t *p, uint32_t len) {
    *p++ = FORMAT_FIXSTR | len;
    return p;
}

static inline uint8_t *format_encode_bin(uint8_t *p, uint32_t len) {
    return format_encode_len(p, 0, -1, FORMAT_BIN8, 0, len);
}

static inline uint8_t *format_encode_ext(uint8_t *p, int8_t code, uint32_t len) {
    if (len != 0 && len <= FORMAT_FIXEXT_MAX && (len & (len - 1)) == 0) {
        uint8_t first = FORMAT_FIXEXT1;
        for (; len > 1; len >>= 1) {
            first++;
        }
        *p++ = first;
    } else {
        p = format_encode_len(p, 0, -1, FORMAT_EXT8, 0, len);
    }
    *p++ = (uint8_t)code;
    return p;
}

#endif // MSGPACK_FORMAT_H
