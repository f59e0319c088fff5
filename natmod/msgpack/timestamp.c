// SPDX-License-Identifier: MIT
// Timestamp: seconds since 1970 and nanoseconds, and the ext type -1 that carries them.

#include "format.h"
#include "number.h"
#include "object.h"
#include "timestamp.h"

enum {
    NANOSECONDS = 1000000000, // In a second.
};

// A fraction of a second that is a whole number of nanoseconds in binary, too, is one of these.
enum {
    PARTS = 512,
    PART = NANOSECONDS / PARTS, // 5**9 nanoseconds: the last odd number.
};

static mp_obj_t timestamp_new(state_t *st, mp_obj_t seconds, uint32_t nanoseconds) {
    timestamp_t *self = m_malloc(sizeof(timestamp_t));
    self->base.type = st->timestamp_type;
    self->seconds = seconds;
    self->nanoseconds = nanoseconds;
    return MP_OBJ_FROM_PTR(self);
}

/******************************************************************************/
// Bodies

mp_obj_t timestamp_from_payload(state_t *st, const byte *payload, size_t len, unsigned int mode) {
    format_tag_t seconds = { .kind = KIND_UINT };
    uint32_t nanoseconds = 0;
    if (len == 4) {
        seconds.lo = format_load32(payload);
    } else if (len == 8) {
        nanoseconds = format_load32(payload) >> 2;
        seconds.hi = payload[3] & 3;
        seconds.lo = format_load32(payload + 4);
    } else if (len == 12) {
        nanoseconds = format_load32(payload);
        seconds.kind = KIND_INT;
        seconds.hi = format_load32(payload + 4);
        seconds.lo = format_load32(payload + 8);
    }
    if ((len != 4 && len != 8 && len != 12) || nanoseconds >= NANOSECONDS) {
        natmod_raise(st->ValueError, "malformed timestamp");
    }
    mp_obj_t obj = number_new(st, &seconds);
    if (mode == TIMESTAMP_OBJECT) {
        return timestamp_new(st, obj, nanoseconds);
    }
    mp_obj_t fraction = MP_OBJ_NEW_SMALL_INT(nanoseconds);
    mp_obj_t billion = MP_OBJ_NEW_SMALL_INT(NANOSECONDS);
    if (mode == TIMESTAMP_FLOAT) {
        // Single precision may not hold the nanoseconds, but the number of PARTs that they are.
        mp_obj_t parts = mp_binary_op(MP_BINARY_OP_FLOOR_DIVIDE, fraction, MP_OBJ_NEW_SMALL_INT(PART));
        if ((uint32_t)MP_OBJ_SMALL_INT_VALUE(parts) * PART == nanoseconds) {
            fraction = parts;
            billion = MP_OBJ_NEW_SMALL_INT(PARTS);
        }
        fraction = mp_binary_op(MP_BINARY_OP_TRUE_DIVIDE, fraction, billion);
    } else {
        // Firmware with integers of 64 bits may wrap the product.
        if (!st->big_ints && seconds.hi + 2 > 3) {
            natmod_raise(st->OverflowError, "timestamp out of range");
        }
        obj = mp_binary_op(MP_BINARY_OP_MULTIPLY, obj, billion);
    }
    return mp_binary_op(MP_BINARY_OP_ADD, obj, fraction);
}

size_t timestamp_to_payload(state_t *st, const timestamp_t *self, byte *payload) {
    words_t seconds;
    if (!int_to_words(st, self->seconds, &seconds) || (!seconds.negative && seconds.hi >> 31)) {
        natmod_raise(st->OverflowError, "timestamp out of range");
    }
    // The helpers write a first byte that only headers have: the payload starts after it.
    byte header[FORMAT_HEADER_MAX];
    byte *p = payload;
    size_t len = seconds.hi >> 2 ? 12 : seconds.hi || self->nanoseconds ? 8 : 4;
    if (len == 8) {
        seconds.hi |= self->nanoseconds << 2;
    } else if (len == 12) {
        format_put(header, 0, 4, self->nanoseconds);
        for (size_t i = 1; i <= 4; i++) {
            *p++ = header[i];
        }
    }
    format_put64(header, 0, seconds.hi, seconds.lo);
    for (size_t i = len == 4 ? 5 : 1; i <= 8; i++) {
        *p++ = header[i];
    }
    return len;
}

/******************************************************************************/
// The class

static mp_obj_t timestamp_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = (state_t *)natmod_of_type(type);
    mp_obj_t values[2] = { MP_OBJ_NULL, MP_OBJ_NEW_SMALL_INT(0) };
    parse_two(st, MP_QSTR_seconds, MP_QSTR_nanoseconds, n_args, n_kw, args, values);
    if (mp_obj_get_type(values[0]) != st->int_type) {
        natmod_raise(st->nm.TypeError, "seconds must be an int");
    }
    return timestamp_new(st, values[0], int_arg(st, values[1], 0, NANOSECONDS - 1));
}
NATMOD_SLOT(make_new, timestamp_make_new)

static void timestamp_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    timestamp_t *self = MP_OBJ_TO_PTR(self_in);
    natmod_print(print, "Timestamp(seconds=");
    MP_OBJ_TYPE_GET_SLOT(mp_obj_get_type(self->seconds), print)(print, self->seconds, PRINT_REPR);
    natmod_print(print, ", nanoseconds=");
    mp_printf(print, "%u", (unsigned int)self->nanoseconds);
    natmod_print(print, ")");
}
NATMOD_SLOT(print, timestamp_print)

static void timestamp_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    timestamp_t *self = MP_OBJ_TO_PTR(self_in);
    if (dest[0] == MP_OBJ_NULL) {
        if (attr == MP_QSTR_seconds) {
            dest[0] = self->seconds;
        } else if (attr == MP_QSTR_nanoseconds) {
            dest[0] = MP_OBJ_NEW_SMALL_INT(self->nanoseconds);
        } else {
            dest[1] = MP_OBJ_SENTINEL; // Go on with the methods.
        }
    }
}
NATMOD_SLOT(attr, timestamp_attr)

static mp_obj_t timestamp_unary_op(mp_unary_op_t op, mp_obj_t self_in) {
    timestamp_t *self = MP_OBJ_TO_PTR(self_in);
    if (op != MP_UNARY_OP_HASH) {
        return MP_OBJ_NULL;
    }
    mp_int_t hash = MP_OBJ_SMALL_INT_VALUE(mp_unary_op(op, self->seconds)) ^ (mp_int_t)self->nanoseconds;
    return MP_OBJ_NEW_SMALL_INT(hash);
}
NATMOD_SLOT(unary_op, timestamp_unary_op)

static mp_obj_t timestamp_binary_op(mp_binary_op_t op, mp_obj_t lhs_in, mp_obj_t rhs_in) {
    timestamp_t *lhs = MP_OBJ_TO_PTR(lhs_in);
    natmod_t *nm = natmod_of_obj(lhs_in);
    rhs_in = natmod_native_base(nm, rhs_in, lhs->base.type);
    if (rhs_in == MP_OBJ_NULL || !(op <= MP_BINARY_OP_NOT_EQUAL)) {
        return MP_OBJ_NULL;
    }
    timestamp_t *rhs = MP_OBJ_TO_PTR(rhs_in);
    if (mp_binary_op(MP_BINARY_OP_EQUAL, lhs->seconds, rhs->seconds) == mp_const_true) {
        return mp_binary_op(op, MP_OBJ_NEW_SMALL_INT(lhs->nanoseconds), MP_OBJ_NEW_SMALL_INT(rhs->nanoseconds));
    }
    return mp_binary_op(op, lhs->seconds, rhs->seconds);
}
NATMOD_SLOT(binary_op, timestamp_binary_op)

static mp_obj_t timestamp_from_bytes(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_buffer_info_t buf;
    buffer_arg((state_t *)nm, args[0], &buf);
    return timestamp_from_payload((state_t *)nm, buf.buf, buf.len, TIMESTAMP_OBJECT);
}

static mp_obj_t timestamp_to_bytes(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = (state_t *)nm;
    byte payload[TIMESTAMP_MAX];
    size_t len = timestamp_to_payload(st, MP_OBJ_TO_PTR(args[0]), payload);
    return bytes_new(st, payload, len);
}

static mp_obj_t to_int(state_t *st, mp_obj_t number) {
    return mp_call_function_n_kw(MP_OBJ_FROM_PTR(st->int_type), 1, 0, &number);
}

// From a number of seconds (unit is 1), or of nanoseconds, since 1970.
static mp_obj_t timestamp_from_number(state_t *st, mp_obj_t number, mp_obj_t unit) {
    mp_obj_t seconds = to_int(st, mp_binary_op(MP_BINARY_OP_FLOOR_DIVIDE, number, unit));
    mp_obj_t fraction = mp_binary_op(MP_BINARY_OP_MODULO, number, unit);
    mp_int_t factor = 1;
    if (unit == MP_OBJ_NEW_SMALL_INT(1)) {
        // A short float may not hold its nanoseconds, but their multiples of PART.
        mp_obj_t parts = mp_binary_op(MP_BINARY_OP_MULTIPLY, fraction, MP_OBJ_NEW_SMALL_INT(PARTS));
        if (mp_binary_op(MP_BINARY_OP_EQUAL, parts, to_int(st, parts)) == mp_const_true) {
            fraction = parts;
            factor = PART;
        } else {
            fraction = mp_binary_op(MP_BINARY_OP_MULTIPLY, fraction, MP_OBJ_NEW_SMALL_INT(NANOSECONDS));
        }
    }
    // Firmware with integers of 64 bits may give a negative remainder.
    mp_int_t nanoseconds = int_arg(st, to_int(st, fraction), 0, MP_SMALL_INT_MAX) * factor;
    // Rounding may have made a whole second of a fraction in single precision.
    nanoseconds = MIN(nanoseconds, NANOSECONDS - 1);
    return timestamp_new(st, seconds, nanoseconds);
}

static mp_obj_t timestamp_from_unix(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    return timestamp_from_number((state_t *)nm, args[0], MP_OBJ_NEW_SMALL_INT(1));
}

static mp_obj_t timestamp_from_unix_nano(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    return timestamp_from_number((state_t *)nm, args[0], MP_OBJ_NEW_SMALL_INT(NANOSECONDS));
}

static mp_obj_t to_number(natmod_t *nm, mp_obj_t self_in, unsigned int mode) {
    state_t *st = (state_t *)nm;
    byte payload[TIMESTAMP_MAX];
    size_t len = timestamp_to_payload(st, MP_OBJ_TO_PTR(self_in), payload);
    return timestamp_from_payload(st, payload, len, mode);
}

static mp_obj_t timestamp_to_unix(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    return to_number(nm, args[0], TIMESTAMP_FLOAT);
}

static mp_obj_t timestamp_to_unix_nano(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    return to_number(nm, args[0], TIMESTAMP_INT);
}

NATMOD_INIT_TABLE static const natmod_entry_t methods[] = {
    NATMOD_FUN(MP_QSTR_from_bytes, timestamp_from_bytes, 1, 1, NATMOD_STATICMETHOD),
    NATMOD_FUN(MP_QSTR_from_unix, timestamp_from_unix, 1, 1, NATMOD_STATICMETHOD),
    NATMOD_FUN(MP_QSTR_from_unix_nano, timestamp_from_unix_nano, 1, 1, NATMOD_STATICMETHOD),
    NATMOD_FUN(MP_QSTR_to_bytes, timestamp_to_bytes, 1, 1, false),
    NATMOD_FUN(MP_QSTR_to_unix, timestamp_to_unix, 1, 1, false),
    NATMOD_FUN(MP_QSTR_to_unix_nano, timestamp_to_unix_nano, 1, 1, false),
};

NATMOD_INIT void timestamp_init(state_t *st) {
    natmod_t *nm = &st->nm;
    mp_obj_type_t *type = natmod_type_new(nm, MP_QSTR_Timestamp, MP_TYPE_FLAG_NONE, 6);
    NATMOD_SET_SLOT(type, make_new, timestamp_make_new, 1);
    NATMOD_SET_SLOT(type, print, timestamp_print, 2);
    NATMOD_SET_SLOT(type, attr, timestamp_attr, 3);
    NATMOD_SET_SLOT(type, unary_op, timestamp_unary_op, 4);
    NATMOD_SET_SLOT(type, binary_op, timestamp_binary_op, 5);
    natmod_add_class(nm, type, 6, methods, MP_ARRAY_SIZE(methods));
    st->timestamp_type = type;
}
