// The MessagePack format: heads of objects <-> tags. Pure C, no MicroPython, no memory of its own.
//
// An object is a head (the first byte and the big-endian argument behind it) and, for str, bin
// and ext, a body of bytes, or for array and map the objects that they hold. This file alone
// knows the layout of heads; see the "Formats" section of the MessagePack specification.
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
    FORMAT_HEAD_MAX = 9, // Bytes of the longest head.
    FORMAT_EXT_TIMESTAMP = -1, // The type code of timestamps.
};

// Objects with a body or elements come last, so that one comparison tells them apart.
typedef enum {
    KIND_NIL,
    KIND_BOOL, // lo is 0 or 1.
    KIND_UINT, // hi:lo is the value.
    KIND_INT, // hi:lo is the value in two's complement; may be positive in an overlong form.
    KIND_FLOAT32, // lo has the bits of the IEEE 754 number.
    KIND_FLOAT64, // hi:lo has them.
    KIND_INVALID, // The byte that is never used.
    KIND_STR, // lo is the number of bytes in the body, also for bin and ext.
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

// Decode the head at p, of which avail bytes are there, at least one. Returns how many bytes the
// head has; the tag is complete only if that is not more than avail. Never reads past avail.
static inline size_t format_decode(const uint8_t *p, size_t avail, format_tag_t *tag) {
    uint8_t first = *p++;
    unsigned int kind;
    unsigned int arg = 0; // Bytes of the argument, the type code of an ext not counted.
    uint32_t lo = 0;
    if (first < FORMAT_FIXMAP) {
        kind = KIND_UINT;
        lo = first;
    } else if (first < FORMAT_FIXARRAY) {
        kind = KIND_MAP;
        lo = first & FORMAT_FIXMAP_MAX;
    } else if (first < FORMAT_FIXSTR) {
        kind = KIND_ARRAY;
        lo = first & FORMAT_FIXARRAY_MAX;
    } else if (first < FORMAT_NIL) {
        kind = KIND_STR;
        lo = first & FORMAT_FIXSTR_MAX;
    } else if (first >= FORMAT_NEGATIVE_FIXINT) {
        tag->kind = KIND_INT;
        tag->hi = UINT32_MAX;
        tag->lo = (uint32_t)(int32_t)(int8_t)first;
        return 1;
    } else if (first < FORMAT_BIN8) {
        kind = first == FORMAT_NIL ? KIND_NIL : first == FORMAT_NEVER_USED ? KIND_INVALID : KIND_BOOL;
        lo = first & 1;
    } else if (first < FORMAT_EXT8) {
        kind = KIND_BIN;
        arg = 1 << (first - FORMAT_BIN8);
    } else if (first < FORMAT_FLOAT32) {
        kind = KIND_EXT;
        arg = 1 << (first - FORMAT_EXT8);
    } else if (first < FORMAT_UINT8) {
        kind = first == FORMAT_FLOAT32 ? KIND_FLOAT32 : KIND_FLOAT64;
        arg = 4 << (first - FORMAT_FLOAT32);
    } else if (first < FORMAT_INT8) {
        kind = KIND_UINT;
        arg = 1 << (first - FORMAT_UINT8);
    } else if (first < FORMAT_FIXEXT1) {
        kind = KIND_INT;
        arg = 1 << (first - FORMAT_INT8);
    } else if (first < FORMAT_STR8) {
        kind = KIND_EXT;
        lo = 1 << (first - FORMAT_FIXEXT1);
    } else if (first < FORMAT_ARRAY16) {
        kind = KIND_STR;
        arg = 1 << (first - FORMAT_STR8);
    } else if (first < FORMAT_MAP16) {
        kind = KIND_ARRAY;
        arg = 2 << (first - FORMAT_ARRAY16);
    } else {
        kind = KIND_MAP;
        arg = 2 << (first - FORMAT_MAP16);
    }

    size_t size = 1 + arg + (kind == KIND_EXT);
    if (size <= avail) {
        uint32_t hi = 0;
        if (kind == KIND_INT && *p & 0x80) {
            // Sign extension: the bytes below shift these ones upwards.
            lo = hi = UINT32_MAX;
        }
        for (; arg > 0; arg--) {
            hi = hi << 8 | lo >> 24;
            lo = lo << 8 | *p++;
        }
        if (kind == KIND_EXT) {
            tag->code = (int8_t)*p;
        }
        tag->kind = kind;
        tag->hi = hi;
        tag->lo = lo;
    }
    return size;
}

// Write a first byte and the lowest arg bytes (at most 4) of lo; returns where the head ends.
static inline uint8_t *format_put(uint8_t *p, uint8_t first, unsigned int arg, uint32_t lo) {
    *p++ = first;
    while (arg > 0) {
        *p++ = lo >> (8 * --arg);
    }
    return p;
}

// The same with an argument of 8 bytes.
static inline uint8_t *format_put64(uint8_t *p, uint8_t first, uint32_t hi, uint32_t lo) {
    p = format_put(p, first, 4, hi);
    for (int shift = 24; shift >= 0; shift -= 8) {
        *p++ = lo >> shift;
    }
    return p;
}

// Write a head with an argument in the smallest of 1, 2 or 4 bytes that holds it; row is the
// first byte of the form with 1 byte.
static inline uint8_t *format_put_min(uint8_t *p, uint8_t row, uint32_t lo) {
    unsigned int power = lo <= UINT8_MAX ? 0 : lo <= UINT16_MAX ? 1 : 2;
    return format_put(p, row + power, 1 << power, lo);
}

// Encode the head of an integer, an array, a map, a str, a bin, or an ext in its shortest form,
// at p where FORMAT_HEAD_MAX bytes are free. Each returns where the head ends.

static inline uint8_t *format_encode_uint(uint8_t *p, uint32_t hi, uint32_t lo) {
    if (hi != 0) {
        return format_put64(p, FORMAT_UINT8 + 3, hi, lo);
    }
    if (lo < FORMAT_FIXMAP) {
        *p++ = lo;
        return p;
    }
    return format_put_min(p, FORMAT_UINT8, lo);
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

static inline uint8_t *format_encode_array(uint8_t *p, uint32_t len) {
    if (len <= FORMAT_FIXARRAY_MAX) {
        *p++ = FORMAT_FIXARRAY | len;
        return p;
    }
    unsigned int power = len > UINT16_MAX;
    return format_put(p, FORMAT_ARRAY16 + power, 2 << power, len);
}

static inline uint8_t *format_encode_map(uint8_t *p, uint32_t len) {
    if (len <= FORMAT_FIXMAP_MAX) {
        *p++ = FORMAT_FIXMAP | len;
        return p;
    }
    unsigned int power = len > UINT16_MAX;
    return format_put(p, FORMAT_MAP16 + power, 2 << power, len);
}

// Without str8, as the format was before it had bin, when old is set.
static inline uint8_t *format_encode_str(uint8_t *p, uint32_t len, int old) {
    if (len <= FORMAT_FIXSTR_MAX) {
        *p++ = FORMAT_FIXSTR | len;
        return p;
    }
    if (old && len <= UINT8_MAX) {
        return format_put(p, FORMAT_STR16, 2, len);
    }
    return format_put_min(p, FORMAT_STR8, len);
}

static inline uint8_t *format_encode_bin(uint8_t *p, uint32_t len) {
    return format_put_min(p, FORMAT_BIN8, len);
}

static inline uint8_t *format_encode_ext(uint8_t *p, int8_t code, uint32_t len) {
    if (len != 0 && len <= FORMAT_FIXEXT_MAX && (len & (len - 1)) == 0) {
        uint8_t first = FORMAT_FIXEXT1;
        for (; len > 1; len >>= 1) {
            first++;
        }
        *p++ = first;
    } else {
        p = format_put_min(p, FORMAT_EXT8, len);
    }
    *p++ = (uint8_t)code;
    return p;
}

#endif // MSGPACK_FORMAT_H
