// SPDX-License-Identifier: MIT
// Numbers. No float ever is in a register here: see dynruntime/toolkit.h.

#include "number.h"

// MicroPython's array accessors read and write aligned little-endian memory.
typedef union _number_t {
    uint64_t aligned;
    uint32_t word[2];
} number_t;

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The words of a 64-bit number are taken to have the low one first."
#endif

bool int_to_words(state_t *st, mp_obj_t obj, words_t *words) {
    if (mp_obj_is_small_int(obj)) {
        mp_int_t value = MP_OBJ_SMALL_INT_VALUE(obj);
        words->negative = value < 0;
        words->lo = (uint32_t)value;
        words->hi = sizeof(mp_int_t) > 4 ? (uint32_t)((int64_t)value >> 32) : words->negative ? UINT32_MAX : 0;
        return true;
    }
    // The setter does not check the range. Comparing allocates nothing.
    words->negative = mp_binary_op(MP_BINARY_OP_LESS, obj, MP_OBJ_NEW_SMALL_INT(0)) == mp_const_true;
    if (words->negative ? mp_binary_op(MP_BINARY_OP_LESS, obj, st->int64_min) == mp_const_true
        : mp_binary_op(MP_BINARY_OP_MORE, obj, st->uint64_max) == mp_const_true) {
        return false;
    }
    number_t number;
    mp_binary_set_val_array(words->negative ? 'q' : 'Q', &number, 0, obj);
    words->lo = number.word[0];
    words->hi = number.word[1];
    return true;
}

mp_obj_t float_new(state_t *st, char typecode, uint32_t lo, uint32_t hi) {
    if (st->float_type == NULL) {
        natmod_raise(st->ValueError, "this firmware has no floats");
    }
    number_t number;
    number.word[0] = lo;
    number.word[1] = hi;
    return natmod_get_val_array(typecode, &number, 0);
}

// Whether the number of a tag is a small int.
static bool is_small(const format_tag_t *tag) {
    if (sizeof(mp_int_t) > 4) {
        return tag->hi >> 30 == 0 ? tag->kind <= KIND_INT : tag->hi >> 30 == 3 && tag->kind == KIND_INT;
    }
    return tag->kind == KIND_UINT ? tag->hi == 0 && tag->lo >> 30 == 0
        : tag->kind == KIND_INT && (tag->lo >> 30 == 0 ? tag->hi == 0 : tag->lo >> 30 == 3 && tag->hi == UINT32_MAX);
}

mp_obj_t number_new(state_t *st, const format_tag_t *tag) {
    if (is_small(tag)) {
        return MP_OBJ_NEW_SMALL_INT(sizeof(mp_int_t) > 4 ? (mp_int_t)((uint64_t)tag->hi << 32 | tag->lo)
            : (mp_int_t)tag->lo);
    }
    if (tag->kind >= KIND_FLOAT32) {
        return float_new(st, tag->kind == KIND_FLOAT32 ? 'f' : 'd', tag->lo, tag->hi);
    }
    number_t number;
    number.word[0] = tag->lo;
    number.word[1] = tag->hi;
    // Firmware whose integers have 64 bits raises OverflowError where one does not fit.
    mp_obj_t obj = mp_binary_get_val_array(tag->kind == KIND_UINT ? 'Q' : 'q', &number, 0);
    if (mp_obj_is_small_int(obj)) {
        // Firmware that has only small ints makes a 0.
        natmod_raise(st->OverflowError, "integer too large for this firmware");
    }
    return obj;
}

void float_to_words(state_t *st, mp_obj_t obj, bool as_double, words_t *words) {
    if (st->float_words != 0 && as_double == st->double_floats) {
        const uint32_t *value = (const uint32_t *)MP_OBJ_TO_PTR(obj) + st->float_words;
        words->lo = value[0];
        if (as_double) {
            words->hi = value[1];
        }
        return;
    }
    number_t number;
    mp_binary_set_val_array(as_double ? 'd' : 'f', &number, 0, obj);
    words->lo = number.word[0];
    words->hi = number.word[1];
}

// Where in a float object its value is, in words; 0 if floats are no objects in memory, as in some
// firmware, which makes them differ from pointers in the lowest bits.
NATMOD_INIT static size_t find_float_words(bool is_double) {
    number_t number;
    size_t where = 0;
    for (uint32_t i = 0; i < 4; i++) {
        number.word[0] = 0x3f8fedcb + i;
        number.word[1] = 0x3ff12345 + i;
        mp_obj_t obj = mp_binary_get_val_array(is_double ? 'd' : 'f', &number, 0);
        if (((uintptr_t)obj & 3) != 0) {
            return 0;
        }
        const uint32_t *p = MP_OBJ_TO_PTR(obj);
        if (i == 0) {
            where = sizeof(mp_obj_base_t) / sizeof(uint32_t);
            // On some processors doubles are aligned.
            where += is_double && p[where] != number.word[0];
        }
        if (p[where] != number.word[0] || (is_double && p[where + 1] != number.word[1])) {
            return 0;
        }
    }
    return where;
}

NATMOD_INIT void floats_init(state_t *st) {
    // 1 + 2**-52 is 1 in single precision.
    number_t number;
    number.word[0] = 1;
    number.word[1] = 0x3ff00000;
    mp_obj_t obj = mp_binary_get_val_array('d', &number, 0);
    if (mp_obj_is_small_int(obj)) {
        return; // Firmware without floats makes a 0.
    }
    st->float_type = mp_obj_get_type(obj);
    words_t words;
    float_to_words(st, obj, true, &words);
    st->double_floats = words.lo == 1;
    st->float_words = find_float_words(st->double_floats);
}

NATMOD_INIT static void find_limits(void *arg) {
    state_t *st = arg;
    format_tag_t tag = { .kind = KIND_INT, .hi = (uint32_t)INT32_MIN };
    st->int64_min = number_new(st, &tag);
    // Integers of 64 bits with their sign never exceed this.
    tag = (format_tag_t) { .kind = KIND_INT, .hi = INT32_MAX, .lo = UINT32_MAX };
    st->uint64_max = number_new(st, &tag);
    tag = (format_tag_t) { .kind = KIND_UINT, .hi = UINT32_MAX, .lo = UINT32_MAX };
    st->uint64_max = number_new(st, &tag);
    st->big_ints = true;
}

NATMOD_INIT void ints_init(state_t *st) {
    mp_obj_t exception = natmod_protect(find_limits, st);
    if (exception != MP_OBJ_NULL && mp_obj_get_type(exception) != st->OverflowError) {
        nlr_raise(exception);
    }
}
