// SPDX-License-Identifier: MIT
// Arguments.

#include <string.h>

#include "msgpack.h"
#include "number.h"
#include "timestamp.h"

NATMOD_INIT_DATA static const natmod_name_t names[KW_END] = {
    [KW_OFFSET] = NATMOD_NAME(MP_QSTR_offset),
    [KW_DEFAULT] = NATMOD_NAME(MP_QSTR_default),
    [KW_USE_SINGLE_FLOAT] = NATMOD_NAME(MP_QSTR_use_single_float),
    [KW_STRICT_TYPES] = NATMOD_NAME(MP_QSTR_strict_types),
    [KW_USE_BIN_TYPE] = NATMOD_NAME(MP_QSTR_use_bin_type),
    [KW_PACK_UNICODE_ERRORS] = NATMOD_NAME(MP_QSTR_unicode_errors),
    [KW_UNPACK_UNICODE_ERRORS] = NATMOD_NAME(MP_QSTR_unicode_errors),
    [KW_DATETIME] = NATMOD_NAME(MP_QSTR_datetime),
    [KW_AUTORESET] = NATMOD_NAME(MP_QSTR_autoreset),
    [KW_BUF_SIZE] = NATMOD_NAME(MP_QSTR_buf_size),
    [KW_FILE_LIKE] = NATMOD_NAME(MP_QSTR_file_like),
    [KW_READ_SIZE] = NATMOD_NAME(MP_QSTR_read_size),
    [KW_MAX_BUFFER_SIZE] = NATMOD_NAME(MP_QSTR_max_buffer_size),
    [KW_EXT_HOOK] = NATMOD_NAME(MP_QSTR_ext_hook),
    [KW_OBJECT_HOOK] = NATMOD_NAME(MP_QSTR_object_hook),
    [KW_OBJECT_PAIRS_HOOK] = NATMOD_NAME(MP_QSTR_object_pairs_hook),
    [KW_LIST_HOOK] = NATMOD_NAME(MP_QSTR_list_hook),
    [KW_MAX_STR_LEN] = NATMOD_NAME(MP_QSTR_max_str_len),
    [KW_MAX_BIN_LEN] = NATMOD_NAME(MP_QSTR_max_bin_len),
    [KW_MAX_EXT_LEN] = NATMOD_NAME(MP_QSTR_max_ext_len),
    [KW_MAX_ARRAY_LEN] = NATMOD_NAME(MP_QSTR_max_array_len),
    [KW_MAX_MAP_LEN] = NATMOD_NAME(MP_QSTR_max_map_len),
    [KW_MAX_DEPTH] = NATMOD_NAME(MP_QSTR_max_depth),
    [KW_USE_LIST] = NATMOD_NAME(MP_QSTR_use_list),
    [KW_RAW] = NATMOD_NAME(MP_QSTR_raw),
    [KW_STRICT_MAP_KEY] = NATMOD_NAME(MP_QSTR_strict_map_key),
    [KW_TIMESTAMP] = NATMOD_NAME(MP_QSTR_timestamp),
    [KW_WAIT] = NATMOD_NAME(MP_QSTR_wait),
    [KW_TIMEOUT] = NATMOD_NAME(MP_QSTR_timeout),
};

NATMOD_INIT void options_init(state_t *st) {
    for (size_t i = 0; i < KW_END; i++) {
        st->kw[i] = MP_OBJ_NEW_QSTR(natmod_name_to_qstr(names[i]));
    }
    mp_obj_t values[KW_END];
    memset(values, 0, sizeof(values));
    pack_options_parse(st, &st->pack_defaults, 0, NULL, values, 0, 0);
    unpack_options_parse(st, &st->unpack_defaults, 0, NULL, values, 0, 0);
}

// The native int in an object; TypeError if there is none.
static mp_obj_t native_int(state_t *st, mp_obj_t obj) {
    obj = obj == MP_OBJ_NULL ? obj : natmod_native_base(&st->nm, obj, st->int_type);
    if (obj == MP_OBJ_NULL) {
        natmod_raise(st->nm.TypeError, "an integer is required");
    }
    return obj;
}

mp_int_t int_arg(state_t *st, mp_obj_t obj, mp_int_t low, mp_int_t high) {
    if (!mp_obj_is_small_int(obj)) {
        obj = native_int(st, obj);
    }
    // No bound is beyond small ints.
    if (mp_obj_is_small_int(obj)) {
        mp_int_t value = MP_OBJ_SMALL_INT_VALUE(obj);
        if (value >= low && value <= high) {
            return value;
        }
    }
    natmod_raise(st->ValueError, "argument out of range");
}

uint32_t length_arg(state_t *st, mp_obj_t obj) {
    words_t words;
    if (!int_to_words(st, native_int(st, obj), &words) || words.hi != 0) {
        natmod_raise(st->ValueError, "length out of range");
    }
    return words.lo;
}

uint32_t limit_arg(state_t *st, mp_obj_t obj) {
    words_t words;
    bool fits = int_to_words(st, native_int(st, obj), &words);
    if (words.negative) {
        natmod_raise(st->ValueError, "limit out of range");
    }
    return fits && words.hi == 0 ? words.lo : UINT32_MAX;
}

void buffer_arg(state_t *st, mp_obj_t obj, mp_buffer_info_t *buf) {
    if (obj == MP_OBJ_NULL || mp_obj_get_type(obj) == &mp_type_str || !mp_get_buffer(obj, buf, MP_BUFFER_READ)) {
        natmod_raise(st->nm.TypeError, "a bytes-like object is required");
    }
}

void parse_two(state_t *st, qstr first, qstr second, size_t n_args, size_t n_kw, const mp_obj_t *args,
    mp_obj_t *values) {
    mp_obj_t names[2] = { MP_OBJ_NEW_QSTR(first), MP_OBJ_NEW_QSTR(second) };
    for (size_t i = 0; i < n_args && i < 2; i++) {
        values[i] = args[i];
        names[i] = MP_OBJ_NULL; // Not by name as well.
    }
    natmod_parse_kw(&st->nm, n_kw, args + n_args, 2, names, values);
    if (n_args > 2 || values[0] == MP_OBJ_NULL || values[1] == MP_OBJ_NULL) {
        natmod_raise(st->nm.TypeError, "two arguments are required");
    }
}

// A hook: something to call, or None.
static mp_obj_t hook_arg(state_t *st, mp_obj_t obj) {
    if (obj == MP_OBJ_NULL) {
        return mp_const_none;
    }
    if (!natmod_is_none(obj) && !natmod_is_callable(obj)) {
        natmod_raise(st->nm.TypeError, "hook is not callable");
    }
    return obj;
}

static bool bool_arg(mp_obj_t obj, bool otherwise) {
    return obj == MP_OBJ_NULL ? otherwise : mp_obj_is_true(obj);
}

// MicroPython has no error handlers, so only the name of the default one is accepted.
static void check_unicode_errors(state_t *st, mp_obj_t obj) {
    if (obj != MP_OBJ_NULL && !natmod_is_none(obj)
        && mp_binary_op(MP_BINARY_OP_EQUAL, obj, MP_OBJ_NEW_QSTR(MP_QSTR_strict)) != mp_const_true) {
        natmod_raise(st->ValueError, "unicode_errors must be 'strict'");
    }
}

MP_NORETURN static void raise_datetime(state_t *st) {
    natmod_raise(st->ValueError, "no datetime here");
}

void pack_options_parse(state_t *st, pack_options_t *opt, size_t n_kw, const mp_obj_t *kw, mp_obj_t *values,
    unsigned int start, unsigned int end) {
    natmod_parse_kw(&st->nm, n_kw, kw, end - start, st->kw + start, values + start);
    opt->default_fun = hook_arg(st, values[KW_DEFAULT]);
    mp_obj_t single = values[KW_USE_SINGLE_FLOAT];
    opt->double_floats = single == MP_OBJ_NULL || natmod_is_none(single) ? st->double_floats : !mp_obj_is_true(single);
    opt->strict_types = bool_arg(values[KW_STRICT_TYPES], false);
    opt->old_format = !bool_arg(values[KW_USE_BIN_TYPE], true);
    check_unicode_errors(st, values[KW_PACK_UNICODE_ERRORS]);
    if (bool_arg(values[KW_DATETIME], false)) {
        raise_datetime(st);
    }
}

void unpack_options_parse(state_t *st, unpack_options_t *opt, size_t n_kw, const mp_obj_t *kw, mp_obj_t *values,
    unsigned int start, unsigned int end) {
    natmod_parse_kw(&st->nm, n_kw, kw, end - start, st->kw + start, values + start);
    opt->ext_hook = hook_arg(st, values[KW_EXT_HOOK]);
    opt->object_hook = hook_arg(st, values[KW_OBJECT_HOOK]);
    opt->object_pairs_hook = hook_arg(st, values[KW_OBJECT_PAIRS_HOOK]);
    opt->list_hook = hook_arg(st, values[KW_LIST_HOOK]);
    if (!natmod_is_none(opt->object_hook) && !natmod_is_none(opt->object_pairs_hook)) {
        natmod_raise(st->nm.TypeError, "object_hook and object_pairs_hook exclude each other");
    }
    for (size_t i = 0; i < LIMITS; i++) {
        mp_obj_t limit = values[KW_MAX_STR_LEN + i];
        opt->max_len[i] = limit == MP_OBJ_NULL || limit == MP_OBJ_NEW_SMALL_INT(-1) ? UINT32_MAX : limit_arg(st, limit);
    }
    mp_obj_t depth = values[KW_MAX_DEPTH];
    opt->max_depth = depth == MP_OBJ_NULL ? MAX_DEPTH : int_arg(st, depth, 1, MAX_DEPTH);
    opt->use_list = bool_arg(values[KW_USE_LIST], true);
    opt->raw = bool_arg(values[KW_RAW], false);
    opt->strict_map_key = bool_arg(values[KW_STRICT_MAP_KEY], false);
    opt->timestamp = TIMESTAMP_OBJECT;
    if (values[KW_TIMESTAMP] != MP_OBJ_NULL) {
        opt->timestamp = int_arg(st, values[KW_TIMESTAMP], 0, TIMESTAMP_DATETIME);
        if (opt->timestamp == TIMESTAMP_DATETIME) {
            raise_datetime(st);
        }
    }
    check_unicode_errors(st, values[KW_UNPACK_UNICODE_ERRORS]);
}
