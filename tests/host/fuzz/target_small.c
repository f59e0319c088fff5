// SPDX-License-Identifier: MIT
// Compares the small flavour with the full one, when it reads from buffers and streams, and with the
// second writer, when it writes.
//
// Input: what to call and its options, faults, hooks (SCRIPT), kind of buffer or stream, number of outcomes
// of the stream's calls, the outcomes; the rest is the message, or the object.

#include <string.h>

#include "py/objexcept.h"
#include "py/objstr.h"

#include "fuzz.h"

enum {
    OBJECTS = 12, // The most objects to unpack from one stream.
};

// Classes of errors that are one in the small flavour.
static result_t plain(result_t result) {
    switch (result) {
        case R_MORE:
        case R_FORMAT:
        case R_STACK:
            return R_VALUE;
        case R_OUT_OF_DATA:
            return R_EOF;
        default:
            return result;
    }
}

// Whether there may be an ext of code -1, which is a Timestamp in the full flavour alone.
static bool may_have_timestamp(const uint8_t *data, size_t len) {
    static const uint8_t firsts[] = { 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xc7, 0xc8, 0xc9 };
    static const uint8_t distances[] = { 1, 1, 1, 1, 1, 2, 3, 5 };
    for (size_t i = 0; i < len; i++) {
        for (size_t f = 0; f < MP_ARRAY_SIZE(firsts); f++) {
            if (data[i] == firsts[f] && i + distances[f] < len && data[i + distances[f]] == 0xff) {
                return true;
            }
        }
    }
    return false;
}

// In a key, a tuple in a tuple is an error in the small flavour alone.
static bool is_key_error(outcome_t outcome) {
    if (outcome.result != R_VALUE) {
        return false;
    }
    mp_obj_exception_t *exception = MP_OBJ_TO_PTR(outcome.obj);
    return exception->args->len == 1 && exception->args->items[0] == MP_OBJ_NEW_QSTR(MP_QSTR_key);
}

static outcome_t unpackb(const reading_t *options, const uint8_t *ops, mp_obj_t source, bool small) {
    run.small = small;
    run.script = (script_t) { ops, 0 };
    args_t args = { .n_args = 0 };
    arg(&args, source);
    reading_args(&args, options);
    outcome_t got = call(function(F_UNPACKB), &args);
    run.small = false;
    return got;
}

// The full flavour's result.
typedef struct _reference_t {
    result_t result;
    uint64_t value;
    uint64_t extra;
    bool unsure;
} reference_t;

static reference_t reference(const reading_t *options, const uint8_t *ops, const uint8_t *data, size_t len) {
    outcome_t full = unpackb(options, ops, mp_obj_new_bytes(data, len), false);
    reference_t r = { full.result, 0, 0, run.tainted || full.result == R_MEMORY || may_have_timestamp(data, len) };
    run.tainted = false;
    if (r.unsure) {
        return r;
    }
    if (full.result == R_EXTRA) {
        r.extra = value_of_obj(mp_load_attr(full.obj, MP_QSTR_extra)).is;
        full.obj = mp_load_attr(full.obj, MP_QSTR_unpacked);
    }
    if (full.result == R_OK || full.result == R_EXTRA) {
        r.value = value_of_obj(full.obj).is;
    }
    return r;
}

static void compare(const char *what, outcome_t got, const reference_t *r) {
    if (got.result == R_OK && !run.tainted) {
        check_strs(got.obj);
    }
    if (r->unsure || run.tainted || (run.faulty && got.result == R_MEMORY) || is_key_error(got)) {
        return;
    }
    bool both_fail = r->result != R_OK && got.result != R_OK;
    // The full one reads on after an error, and prefers to say that bytes are missing. A key that has no hash
    // is found earlier or later.
    if (both_fail && (r->result == R_MORE || r->result == R_TYPE || got.result == R_TYPE)) {
        return;
    }
    if (plain(got.result) != plain(r->result)) {
        wrong("%s: %s, not %s", what, result_name(got.result), result_name(r->result));
    }
    mp_obj_t obj = got.obj;
    if (got.result == R_EXTRA) {
        mp_obj_exception_t *exception = MP_OBJ_TO_PTR(got.obj);
        if (exception->args->len != 2) {
            if (run.faulty) {
                return; // There was no memory for them.
            }
            wrong("%s: ExtraData without its arguments", what);
        }
        obj = exception->args->items[0];
        if (value_of_obj(exception->args->items[1]).is != r->extra) {
            wrong("%s: ExtraData: other bytes", what);
        }
    }
    if ((got.result == R_OK || got.result == R_EXTRA) && value_of_obj(obj).is != r->value) {
        print_obj(obj);
        wrong("%s: another value", what);
    }
}

static void from_buffer(const reading_t *options, const uint8_t *ops, uint8_t faults, unsigned int kind,
    const uint8_t *data, size_t len) {
    reference_t r = reference(options, ops, data, len);
    run.source = buffer_new(kind, data, len);
    faults_set(faults);
    outcome_t got = unpackb(options, ops, run.source, true);
    r.unsure = r.unsure || (run.writing && kind != BUFFER_BYTES);
    compare("unpackb", got, &r);
}

static void from_stream(const reading_t *options, const uint8_t *ops, uint8_t faults, stream_kind_t kind,
    input_t outcomes, const uint8_t *data, size_t len) {
    mp_obj_t obj = stream_open(kind, SEEK_NO_METHOD, data, len, outcomes);
    args_t args = { .n_args = 0 };
    arg(&args, obj);
    reading_args(&args, options);
    size_t start = 0;
    for (size_t n = 0; n < OBJECTS; n++) {
        size_t end = start;
        bool whole = model_skip(data, len, &end) == R_OK;
        reference_t r = { .unsure = true };
        if (whole) {
            r = reference(options, ops, data + start, end - start);
        }
        stream_forget();
        faults_set(faults);
        run.small = true;
        run.script = (script_t) { ops, 0 };
        outcome_t got = call(function(F_UNPACK), &args);
        run.small = false;
        faults_end();
        if (kind != STREAM_BYTES_IO && whole && stream.pos > end) {
            wrong("unpack: %u bytes beyond the object", (unsigned int)(stream.pos - end));
        }
        bool failed = stream.fatal != 0 || stream.eof || stream.blocked;
        if (failed && got.result != R_OK) {
            return; // The error may be that of the stream.
        }
        if (stream.fatal != 0) {
            if (kind != STREAM_READ) {
                wrong("unpack: no error after an error of the stream");
            }
            return; // A str counts as bytes.
        }
        if (whole) {
            compare("unpack", got, &r);
            // Whatever was wrong in the message, the stream is after it.
            if (kind != STREAM_BYTES_IO && !run.faulty && stream.pos != end) {
                wrong("unpack: the stream is at byte %u, not %u", (unsigned int)stream.pos, (unsigned int)end);
            }
        } else if (got.result == R_OK) {
            wrong("unpack: an object of less than its bytes");
        }
        if (got.result != R_OK && (!whole || run.faulty)) {
            return;
        }
        start = end;
    }
}

static packed_t expected;

static void compare_bytes(const char *what, const uint8_t *data, size_t len, bool is_all) {
    if (expected.too_long) {
        return;
    }
    if (len > expected.len || (is_all && len != expected.len) || (!expected.nan && memcmp(data, expected.bytes, len) != 0)) {
        wrong("%s: other bytes", what);
    }
}

static void write(input_t *in, const uint8_t *ops, uint8_t faults, uint8_t what, stream_kind_t kind, input_t outcomes) {
    run.small = true; // For its ExtType.
    bool is_deep = what >> 4 == 5 && faults == 0xa5;
    mp_obj_t obj = object_new(in, is_deep);
    run.containers[MP_ARRAY_SIZE(run.containers) - 1] = obj;
    run.n_containers = MIN(run.n_containers, MP_ARRAY_SIZE(run.containers) - 1);
    packing_t options = { .default_hook = what & 4, .small = true };
    expected.len = 0;
    expected.too_long = expected.unsure = expected.nan = false;
    result_t result = packing_write(&expected, &options, &(script_t) { ops, 0 }, obj, 0);
    if (expected.too_long) {
        return;
    }
    faults_set(faults);
    args_t args = { .n_args = 0 };
    arg(&args, obj);
    bool to_stream = what & 8;
    if (to_stream) {
        arg(&args, stream_open(kind, SEEK_NO_METHOD, NULL, 0, outcomes));
    }
    if (options.default_hook) {
        arg_kw(&args, MP_QSTR_default, hook(HOOK_DEFAULT));
    }
    run.script = (script_t) { ops, 0 };
    outcome_t got = call(function(to_stream ? F_PACK : F_PACKB), &args);
    bool is_known = !expected.unsure && !run.tainted;
    bool failed = to_stream && (stream.fatal != 0 || stream.blocked);
    if (!(run.faulty && got.result == R_MEMORY) && !(failed && got.result != R_OK) && is_known && got.result != result) {
        wrong("pack: %s, not %s", result_name(got.result), result_name(result));
    }
    const uint8_t *data = stream.written;
    size_t len = stream.n_written;
    if (!to_stream) {
        if (got.result != R_OK) {
            return;
        }
        data = (const uint8_t *)mp_obj_str_get_data(got.obj, &len);
    } else if (kind == STREAM_BYTES_IO) {
        return;
    }
    if (is_known) {
        compare_bytes("pack", data, len, got.result == R_OK);
    } else if (got.result == R_OK) {
        size_t pos = 0;
        if (model_skip(data, len, &pos) != R_OK || pos != len) {
            wrong("pack: these %u bytes are no message", (unsigned int)len);
        }
    }
}

void target_small(input_t *in) {
    uint8_t what = take(in);
    uint8_t faults = take(in);
    size_t n = SCRIPT;
    const uint8_t *ops = take_some(in, &n);
    uint8_t kind = take(in);
    size_t n_outcomes = take(in) & 63;
    input_t outcomes;
    outcomes.p = take_some(in, &n_outcomes);
    outcomes.end = outcomes.p + n_outcomes;
    if (n < SCRIPT) {
        return;
    }
    reading_t options;
    reading_options(&options, (what & 4 ? 1 : 0) | (what & 8 ? 0x40 : 0));
    run.printing = what & 0x80;
    switch (what & 3) {
        case 0:
            from_buffer(&options, ops, faults, kind % BUFFER_KINDS, in->p, left(in));
            break;
        case 1:
        case 2:
            from_stream(&options, ops, faults, kind % STREAM_KINDS, outcomes, in->p, left(in));
            break;
        default:
            write(in, ops, faults, what, kind % STREAM_KINDS, outcomes);
    }
}
