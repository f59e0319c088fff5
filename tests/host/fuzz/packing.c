// SPDX-License-Identifier: MIT
// A second writer, by plain recursion. It writes the shortest form of each object, as the
// documentation's table of types says.

#include <string.h>

#include "py/objint.h"
#include "py/objlist.h"
#include "py/objstr.h"
#include "py/objtuple.h"
#include "py/objtype.h"

#include "fuzz.h"

enum {
    // The heap may be too small for more nested containers than DEEP, or more bytes than LONG.
    DEEP = 100,
    LONG = 4096,
};

static void put(packed_t *p, const void *data, size_t len) {
    if (len > sizeof(p->bytes) - p->len) {
        p->too_long = true;
        return;
    }
    memcpy(p->bytes + p->len, data, len);
    p->len += len;
    if (p->len > LONG) {
        run.large = run.faulty = true;
    }
}

// Append a byte, and a number as n bytes, the most significant first.
static void put_number(packed_t *p, uint8_t first, size_t n, uint64_t value) {
    uint8_t header[9] = { first };
    for (size_t i = n; i > 0; i--) {
        header[i] = value;
        value >>= 8;
    }
    put(p, header, 1 + n);
}

// Append a header with a length in 1, 2 or 4 bytes. The first byte of each form is given; 0 if the type
// has no such form.
static void put_length(packed_t *p, uint8_t one, uint8_t two, uint8_t four, size_t len) {
    if (len < 256 && one != 0) {
        put_number(p, one, 1, len);
    } else if (len < 65536) {
        put_number(p, two, 2, len);
    } else {
        put_number(p, four, 4, len);
    }
}

void packing_header(packed_t *p, bool map, uint32_t len) {
    if (len < 16) {
        put_number(p, (map ? 0x80 : 0x90) + len, 0, 0);
    } else {
        put_length(p, 0, map ? 0xde : 0xdc, map ? 0xdf : 0xdd, len);
    }
}

void packing_ext(packed_t *p, int8_t code, const uint8_t *data, size_t len) {
    switch (len) {
        case 1:
            put_number(p, 0xd4, 0, 0);
            break;
        case 2:
            put_number(p, 0xd5, 0, 0);
            break;
        case 4:
            put_number(p, 0xd6, 0, 0);
            break;
        case 8:
            put_number(p, 0xd7, 0, 0);
            break;
        case 16:
            put_number(p, 0xd8, 0, 0);
            break;
        default:
            put_length(p, 0xc7, 0xc8, 0xc9, len);
    }
    put(p, &code, 1);
    put(p, data, len);
}

static void put_str(packed_t *p, const packing_t *options, const uint8_t *data, size_t len) {
    if (len < 32) {
        put_number(p, 0xa0 + len, 0, 0);
    } else {
        put_length(p, options->old_format ? 0 : 0xd9, 0xda, 0xdb, len);
    }
    put(p, data, len);
}

static void put_bin(packed_t *p, const packing_t *options, mp_obj_t obj) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(obj, &buf, MP_BUFFER_READ);
    if (options->old_format) {
        put_str(p, options, buf.buf, buf.len);
    } else {
        put_length(p, 0xc4, 0xc5, 0xc6, buf.len);
        put(p, buf.buf, buf.len);
    }
}

// Get sign and magnitude; false if the magnitude has more than 64 bits.
static bool int_value(mp_obj_t obj, bool *negative, uint64_t *magnitude) {
    if (mp_obj_is_small_int(obj)) {
        mp_int_t n = MP_OBJ_SMALL_INT_VALUE(obj);
        *negative = n < 0;
        *magnitude = n < 0 ? -(uint64_t)n : (uint64_t)n;
        return true;
    }
    mpz_t z = ((mp_obj_int_t *)MP_OBJ_TO_PTR(obj))->mpz;
    *negative = z.neg;
    z.neg = 0;
    byte bytes[8];
    if (!mpz_as_bytes(&z, false, false, sizeof(bytes), bytes)) {
        return false;
    }
    memcpy(magnitude, bytes, sizeof(bytes));
    return true;
}

static bool put_int(packed_t *p, mp_obj_t obj) {
    bool negative;
    uint64_t n;
    if (!int_value(obj, &negative, &n) || (negative && n > UINT64_C(1) << 63)) {
        return false;
    }
    if (!negative) {
        if (n < 128) {
            put_number(p, n, 0, 0);
        } else if (n < 256) {
            put_number(p, 0xcc, 1, n);
        } else if (n < 65536) {
            put_number(p, 0xcd, 2, n);
        } else if (n >> 32 == 0) {
            put_number(p, 0xce, 4, n);
        } else {
            put_number(p, 0xcf, 8, n);
        }
    } else if (n <= 32) {
        put_number(p, 256 - n, 0, 0);
    } else if (n <= 128) {
        put_number(p, 0xd0, 1, -n);
    } else if (n <= 32768) {
        put_number(p, 0xd1, 2, -n);
    } else if (n <= UINT32_C(1) << 31) {
        put_number(p, 0xd2, 4, -n);
    } else {
        put_number(p, 0xd3, 8, -n);
    }
    return true;
}

static void put_float(packed_t *p, const packing_t *options, mp_obj_t obj) {
    double d = mp_obj_float_get(obj);
    if (d != d) {
        p->nan = true; // The bits of a NaN depend on the compiler.
    }
    if (options->single_float) {
        volatile float f = (float)d;
        uint32_t bits;
        memcpy(&bits, (void *)&f, sizeof(bits));
        put_number(p, 0xca, 4, bits);
    } else {
        uint64_t bits;
        memcpy(&bits, &d, sizeof(bits));
        put_number(p, 0xcb, 8, bits);
    }
}

static result_t put_timestamp(packed_t *p, mp_obj_t obj) {
    bool negative;
    uint64_t seconds;
    uint32_t nanoseconds = MP_OBJ_SMALL_INT_VALUE(mp_load_attr(obj, MP_QSTR_nanoseconds));
    if (!int_value(mp_load_attr(obj, MP_QSTR_seconds), &negative, &seconds) || (seconds - negative) >> 63) {
        return R_OVERFLOW;
    }
    static packed_t payload;
    payload.len = 0;
    if (!negative && seconds >> 32 == 0 && nanoseconds == 0) {
        put_number(&payload, 0, 4, seconds);
    } else if (!negative && seconds >> 34 == 0) {
        put_number(&payload, 0, 8, (uint64_t)nanoseconds << 34 | seconds);
    } else {
        put_number(&payload, 0, 4, nanoseconds);
        uint8_t words[8];
        uint64_t n = negative ? -seconds : seconds;
        for (size_t i = 8; i > 0; i--, n >>= 8) {
            words[i - 1] = n;
        }
        put(&payload, words, 8);
    }
    packing_ext(p, -1, payload.bytes + 1, payload.len - 1);
    return R_OK;
}

// The native object of an instance whose class is derived from a native type, or null.
static mp_obj_t native_of(mp_obj_t obj) {
    for (size_t i = CLASS_NO_INIT; i < CLASS_SUB + 7; i++) {
        if (i != CLASS_PLAIN && mp_obj_get_type(obj) == MP_OBJ_TO_PTR(classes[i])) {
            return ((mp_obj_instance_t *)MP_OBJ_TO_PTR(obj))->subobj[0];
        }
    }
    return MP_OBJ_NULL;
}

static result_t from_default(packed_t *p, const packing_t *options, script_t *script, mp_obj_t obj, unsigned int depth,
    bool is_default, result_t otherwise);

static result_t put_seq(packed_t *p, const packing_t *options, script_t *script, size_t len, const mp_obj_t *items,
    unsigned int depth) {
    if (depth >= MAX_DEPTH) {
        return R_VALUE;
    }
    packing_header(p, false, len);
    result_t result = R_OK;
    for (size_t i = 0; i < len && result == R_OK && !p->too_long; i++) {
        result = packing_write(p, options, script, items[i], depth + 1);
    }
    return result;
}

static result_t put_dict(packed_t *p, const packing_t *options, script_t *script, mp_obj_t obj, unsigned int depth) {
    if (depth >= MAX_DEPTH) {
        return R_VALUE;
    }
    const mp_map_t *map = mp_obj_dict_get_map(obj);
    packing_header(p, true, map->used);
    result_t result = R_OK;
    for (size_t i = 0; i < map->alloc && result == R_OK && !p->too_long; i++) {
        if (mp_map_slot_is_filled(map, i)) {
            result = packing_write(p, options, script, map->table[i].key, depth + 1);
            if (result == R_OK && !p->too_long) {
                result = packing_write(p, options, script, map->table[i].value, depth + 1);
            }
        }
    }
    return result;
}

// Write an object. is_default says that the default hook has returned it.
static result_t write_one(packed_t *p, const packing_t *options, script_t *script, mp_obj_t obj, unsigned int depth,
    bool is_default) {
    const mp_obj_type_t *type = mp_obj_get_type(obj);
    mp_obj_t original = obj;
    if (depth > DEEP) {
        run.large = run.faulty = true;
    }
    if (!options->strict_types && native_of(obj) != MP_OBJ_NULL) {
        obj = native_of(obj);
        type = mp_obj_get_type(obj);
    }
    if (obj == mp_const_none) {
        put_number(p, 0xc0, 0, 0);
    } else if (type == &mp_type_bool) {
        put_number(p, obj == mp_const_true ? 0xc3 : 0xc2, 0, 0);
    } else if (type == &mp_type_int) {
        if (!put_int(p, obj)) {
            return from_default(p, options, script, original, depth, is_default, R_OVERFLOW);
        }
    } else if (type == &mp_type_float) {
        put_float(p, options, obj);
    } else if (type == &mp_type_str) {
        size_t len;
        const char *data = mp_obj_str_get_data(obj, &len);
        put_str(p, options, (const uint8_t *)data, len);
    } else if (type == &mp_type_bytes || type == &mp_type_bytearray || type == &mp_type_memoryview
               || (type == &mp_type_array && (!options->default_hook || options->small))) {
        put_bin(p, options, obj);
    } else if (is_ext_type(type)) {
        mp_obj_tuple_t *self = MP_OBJ_TO_PTR(obj);
        size_t len;
        const char *data = mp_obj_str_get_data(self->items[1], &len);
        packing_ext(p, MP_OBJ_SMALL_INT_VALUE(self->items[0]), (const uint8_t *)data, len);
    } else if (type == timestamp_type && !options->small) {
        return put_timestamp(p, obj);
    } else if (type == &mp_type_list) {
        mp_obj_list_t *self = MP_OBJ_TO_PTR(obj);
        return put_seq(p, options, script, self->len, self->items, depth);
    } else if (type == &mp_type_dict) {
        return put_dict(p, options, script, obj, depth);
    } else if (!options->strict_types && type == &mp_type_ordereddict) {
        return put_dict(p, options, script, obj, depth);
    } else if (!options->strict_types && (type == &mp_type_tuple || type == MP_OBJ_TO_PTR(classes[CLASS_NAMED]))) {
        mp_obj_tuple_t *self = MP_OBJ_TO_PTR(obj);
        return put_seq(p, options, script, self->len, self->items, depth);
    } else {
        return from_default(p, options, script, original, depth, is_default, R_TYPE);
    }
    return R_OK;
}

static result_t from_default(packed_t *p, const packing_t *options, script_t *script, mp_obj_t obj, unsigned int depth,
    bool is_default, result_t otherwise) {
    if (is_default || !options->default_hook) {
        return otherwise;
    }
    hook_t op = script_next(script);
    if (op == HOOK_RAISE) {
        return R_HOOK;
    }
    if (op >= HOOK_UNSURE) {
        p->unsure = true;
        return R_HOOK;
    }
    if (op == HOOK_TUPLE) {
        obj = mp_const_empty_tuple;
    } else if (op == HOOK_LIST) {
        return put_seq(p, options, script, 0, NULL, depth);
    } else if (op != HOOK_SAME) {
        obj = MP_OBJ_NEW_SMALL_INT(script->calls);
    }
    return write_one(p, options, script, obj, depth, true);
}

result_t packing_write(packed_t *p, const packing_t *options, script_t *script, mp_obj_t obj, unsigned int depth) {
    return write_one(p, options, script, obj, depth, false);
}
