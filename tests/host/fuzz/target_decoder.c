// SPDX-License-Identifier: MIT
// Compares unpackb, and an Unpacker that is fed the same bytes in pieces, with the model.
//
// Input: options (2), faults, hooks (SCRIPT), kind of buffer, pieces; the rest is the message.

#include <string.h>

#include "py/builtin.h"
#include "py/objarray.h"
#include "py/objexcept.h"

#include "fuzz.h"

static mp_obj_t view_new(mp_obj_t obj) {
    run.under_view = obj;
    return mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_memoryview), 1, 0, &obj);
}

mp_obj_t buffer_new(unsigned int kind, const uint8_t *data, size_t len) {
    switch (kind) {
        case BUFFER_BYTES:
            return mp_obj_new_bytes(data, len);
        case BUFFER_BYTEARRAY:
            return mp_obj_new_bytearray(len, data);
        case BUFFER_VIEW:
            return view_new(mp_obj_new_bytearray(len, data));
        case BUFFER_SLICE: {
            // There are bytes of the bytearray before and after the view.
            byte around[INPUT_MAX + 9];
            memset(around, 0xc1, len + 9);
            memcpy(around + 5, data, len);
            mp_obj_t array = mp_obj_new_bytearray(len + 9, around);
            mp_obj_t slice = mp_obj_new_slice(MP_OBJ_NEW_SMALL_INT(5), MP_OBJ_NEW_SMALL_INT(5 + len), mp_const_none);
            return mp_obj_subscr(view_new(array), slice, MP_OBJ_SENTINEL);
        }
        default: {
            mp_obj_t args[2] = { MP_OBJ_NEW_QSTR(MP_QSTR_B), mp_obj_new_bytes(data, len) };
            return mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_array), 2, 0, args);
        }
    }
}

// Check that a call had the result of the model, unless the model cannot predict it.
static void check(const char *what, outcome_t got, const model_t *m, result_t expected) {
    if (run.tainted || (got.result == R_MEMORY && run.faulty)) {
        return;
    }
    if (run.faulty && expected == R_MORE && got.result == R_VALUE) {
        return; // Without memory an exception may have no message.
    }
    if (m->unsure && got.result == expected) {
        return;
    }
    if (got.result != expected) {
        wrong("%s: %s, not %s", what, result_name(got.result), result_name(expected));
    }
    if (got.result == R_OK && value_of_obj(got.obj).is != m->value.is) {
        print_obj(got.obj);
        wrong("%s: another value", what);
    }
}

static void check_calls(const char *what, const model_t *m) {
    if (!run.tainted && !run.faulty && !m->unsure && run.script.calls != m->script.calls) {
        wrong("%s: %u calls of hooks, not %u", what, (unsigned int)run.script.calls, (unsigned int)m->script.calls);
    }
}

static void whole(const reading_t *options, const uint8_t *ops, unsigned int kind, mp_obj_t source,
    const uint8_t *data, size_t len) {
    model_t m = { .data = data, .len = len, .source = FROM_BUFFER, .options = options, .script = { ops, 0 } };
    result_t expected = model_read(&m);
    run.script = (script_t) { ops, 0 };
    run.source = source;
    run.tainted = false;
    args_t args = { .n_args = 0 };
    arg(&args, source);
    reading_args(&args, options);
    outcome_t got = call(function(F_UNPACKB), &args);
    if (run.writing && kind != BUFFER_BYTES) {
        // The bytes change at each allocation, so the value cannot be predicted.
        if (got.result == R_OK && !run.tainted && !options->raw) {
            check_strs(got.obj);
        }
        return;
    }
    if (expected == R_OK && m.pos < len) {
        expected = R_EXTRA;
        if (got.result == R_EXTRA && !run.tainted && !run.faulty) {
            mp_obj_exception_t *exception = MP_OBJ_TO_PTR(got.obj);
            if (exception->args->len != 2) {
                wrong("ExtraData without its attributes");
            }
            mp_obj_t extra = mp_load_attr(got.obj, MP_QSTR_extra);
            if (value_of_obj(extra).is != value_bytes(data + m.pos, len - m.pos).is) {
                wrong("ExtraData: other bytes");
            }
            got = (outcome_t) { R_OK, mp_load_attr(got.obj, MP_QSTR_unpacked) };
            expected = R_OK;
        }
    }
    check("unpackb", got, &m, expected);
    check_calls("unpackb", &m);
}

static void in_pieces(const reading_t *options, const uint8_t *ops, const uint8_t *data, size_t len, uint8_t pieces) {
    run.script = (script_t) { ops, 0 };
    run.tainted = false;
    run.source = MP_OBJ_NULL;
    args_t args = { .n_args = 0 };
    reading_args(&args, options);
    outcome_t got = call(function(F_UNPACKER), &args);
    if (got.result != R_OK) {
        return;
    }
    mp_obj_t unpacker = got.obj;
    run.busy = unpacker;
    model_t m = { .data = data, .source = FROM_PIECES, .options = options, .script = { ops, 0 } };
    uint32_t random = pieces;
    size_t fed = 0;
    size_t start = 0;
    while (!run.tainted) {
        m.pos = start;
        m.len = fed;
        uint32_t calls = m.script.calls;
        result_t expected = model_read(&m);
        bool stops = pieces & 1;
        got = stops ? call_next(unpacker) : call_method(unpacker, MP_QSTR_unpack, 0, NULL);
        if (got.result == R_OUT_OF_DATA || (got.result == R_OK && got.obj == MP_OBJ_STOP_ITERATION)) {
            got.result = R_MORE;
        }
        check("Unpacker", got, &m, expected);
        if (m.unsure || (run.faulty && got.result != R_OK && got.result != R_MORE)) {
            return;
        }
        if (got.result == R_MORE) {
            if (fed == len) {
                break;
            }
            m.script.calls = calls;
            random = random * 1103515245 + 12345;
            // Feed about a dozen pieces at most.
            size_t n = pieces < 16 ? len : 1 + len / 12 + (random >> 16 & pieces >> 4);
            n = MIN(n, len - fed);
            mp_obj_t piece = mp_obj_new_bytearray(n, data + fed);
            if (call_method(unpacker, MP_QSTR_feed, 1, &piece).result != R_OK) {
                return;
            }
            fed += n;
            continue;
        }
        check_calls("Unpacker", &m);
        if (got.result != R_OK) {
            break;
        }
        start = m.pos;
        outcome_t tell = call_method(unpacker, MP_QSTR_tell, 0, NULL);
        if (tell.obj != MP_OBJ_NEW_SMALL_INT(start)) {
            wrong("tell() after an object");
        }
    }
    run.busy = MP_OBJ_NULL;
}

void target_decoder(input_t *in) {
    reading_t options;
    unsigned int bits = take(in);
    bits |= take(in) << 8;
    reading_options(&options, bits);
    uint8_t faults = take(in);
    size_t n = SCRIPT;
    const uint8_t *ops = take_some(in, &n);
    unsigned int kind = take(in) % BUFFER_KINDS;
    uint8_t pieces = take(in);
    if (n < SCRIPT) {
        return;
    }
    mp_obj_t source = buffer_new(kind, in->p, left(in));
    if (options.timestamp == 3 || (options.object_hook && options.pairs_hook)) {
        args_t args = { .n_args = 0 };
        arg(&args, source);
        reading_args(&args, &options);
        result_t result = call(function(F_UNPACKB), &args).result;
        if (result != R_TYPE && result != R_VALUE) {
            wrong("options that exclude each other: %s", result_name(result));
        }
        return;
    }
    run.printing = bits & 0x4000;
    faults_set(faults);
    whole(&options, ops, kind, source, in->p, left(in));
    in_pieces(&options, ops, in->p, left(in), pieces);
}
