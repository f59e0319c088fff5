// SPDX-License-Identifier: MIT
// Compares unpack from and pack to streams with the model. Each call of a stream may have any outcome.
//
// Input: options (2), faults, hooks (SCRIPT), kind of stream, times and kind of seek, number of outcomes,
// the outcomes;
// the rest is what the stream gives.

#include <string.h>

#include "py/objstr.h"

#include "fuzz.h"

enum {
    OBJECTS = 40, // The most objects to unpack from one stream.
    INTERRUPT_AFTER = 1500, // Milliseconds until Ctrl-C.
};

static bool may_be(result_t result) {
    return stream.fatal >> result & 1;
}

// Compare the result with the model's. The object begins at byte before of the stream.
static void check(const outcome_t *got, const model_t *m, size_t before, uint32_t started, int wait, int timeout) {
    result_t expected = m->result;
    bool recovers = expected != R_OK && expected != R_MORE && !m->lost;
    if (stream.fatal != 0) {
        // While the module read past an erroneous object, the stream may have raised its own error.
        if (!may_be(got->result) && !(recovers && got->result == expected)) {
            wrong("unpack: %s after an error of the stream", result_name(got->result));
        }
        return;
    }
    uint32_t waited = clock_ms - started;
    switch (got->result) {
        case R_EAGAIN:
            if (!stream.blocked || stream.pos != before || (int)waited < wait) {
                wrong("unpack: EAGAIN");
            }
            break;
        case R_ETIMEDOUT:
            if (!stream.blocked || stream.pos == before || (int)waited < timeout) {
                wrong("unpack: ETIMEDOUT");
            }
            break;
        case R_INTERRUPT:
            if (!stream.blocked) {
                wrong("unpack: interrupted without a wait");
            }
            break;
        case R_EOF:
        case R_OUT_OF_DATA:
            if (!stream.eof || (got->result == R_EOF) != (stream.pos == before)) {
                wrong("unpack: %s at byte %u", result_name(got->result), (unsigned int)(stream.pos - before));
            }
            break;
        default:
            if (got->result != expected) {
                wrong("unpack: %s, not %s", result_name(got->result), result_name(expected));
            }
            if (got->result == R_OK && !m->unsure && value_of_obj(got->obj).is != m->value.is) {
                print_obj(got->obj);
                wrong("unpack: another value");
            }
    }
}

// Call unpack with a native stream that cannot seek, which has the same bytes at the same position: the
// position afterwards.
static size_t twin_position(outcome_t *got, args_t args) {
    size_t before = stream.pos;
    seek_kind_t seek = stream.seek;
    stream.seek = SEEK_NO_METHOD;
    args.items[0] = stream_open(STREAM_NATIVE, stream.seek, stream.data, stream.end, stream.outcomes);
    stream.pos = before;
    *got = call(function(F_UNPACK), &args);
    size_t after = stream.pos;
    stream.pos = before;
    stream.seek = seek;
    stream_forget();
    run.script.calls = 0;
    return after;
}

static void unpack(const reading_t *options, const uint8_t *ops, mp_obj_t obj, int wait, int timeout) {
    args_t args = { .n_args = 0 };
    arg(&args, obj);
    reading_args(&args, options);
    arg_kw(&args, MP_QSTR_wait, MP_OBJ_NEW_SMALL_INT(wait));
    arg_kw(&args, MP_QSTR_timeout, MP_OBJ_NEW_SMALL_INT(timeout));
    model_t m = {
        .data = stream.data, .len = stream.end, .source = FROM_STREAM, .options = options, .script = { ops, 0 },
    };
    run.script = (script_t) { ops, 0 };
    for (size_t n = 0; n < OBJECTS; n++) {
        size_t before = stream.pos;
        uint32_t started = clock_ms;
        clock_limit = clock_ms + INTERRUPT_AFTER;
        stream_forget();
        // What the calls of the two streams do cannot be the same, as their calls are not.
        bool has_twin = stream.seek == SEEK_MATCHES && left(&stream.outcomes) == 0 && !run.faulty;
        outcome_t twin = { R_OK, MP_OBJ_NULL };
        size_t after = has_twin ? twin_position(&twin, args) : 0;
        outcome_t got = call(function(F_UNPACK), &args);
        if (has_twin && !run.tainted && (got.result != twin.result || stream.pos != after)) {
            wrong("unpack: %s at byte %u, but %s at byte %u of a stream that cannot seek", result_name(got.result),
                (unsigned int)stream.pos, result_name(twin.result), (unsigned int)after);
        }
        if (run.tainted || run.faulty) {
            return;
        }
        m.pos = before;
        m.script.calls = 0;
        run.script.calls = 0;
        model_read(&m);
        if (m.unsure) {
            return;
        }
        check(&got, &m, before, started, wait, timeout);
        size_t end = before;
        bool whole = model_skip(stream.data, stream.end, &end) == R_OK;
        bool seek_failed = stream.fatal != 0 && stream.seek >= SEEK_FAILS;
        if (whole && stream.pos > end && !seek_failed) {
            wrong("unpack: %u bytes beyond the object", (unsigned int)(stream.pos - end));
        }
        if (got.result == R_EAGAIN) {
            if (left(&stream.outcomes) == 0) {
                return;
            }
            continue;
        }
        // After an error in the message the stream is at the end of the message, if all of it was there
        // without delay.
        bool passed = got.result == R_OK || (!m.lost && whole && !stream.eof && !stream.blocked && stream.fatal == 0);
        if (!passed) {
            return;
        }
        if (stream.pos != end) {
            wrong("unpack: the stream is at byte %u, not %u", (unsigned int)stream.pos, (unsigned int)end);
        }
    }
}

static void pack(mp_obj_t stream_obj, mp_obj_t obj, mp_obj_t bytes) {
    size_t len;
    const uint8_t *expected = (const uint8_t *)mp_obj_str_get_data(bytes, &len);
    args_t args = { .n_args = 0 };
    arg(&args, obj);
    arg(&args, stream_obj);
    clock_limit = clock_ms + INTERRUPT_AFTER;
    uint32_t started = clock_ms;
    outcome_t got = call(function(F_PACK), &args);
    if (stream.kind == STREAM_BYTES_IO) {
        return;
    }
    if (stream.n_written > len || memcmp(stream.written, expected, stream.n_written) != 0) {
        wrong("pack: other bytes");
    }
    if (run.faulty && got.result == R_MEMORY) {
        return;
    }
    if (stream.fatal != 0 && !run.faulty) {
        if (!may_be(got.result)) {
            wrong("pack: %s after an error of the stream", result_name(got.result));
        }
    } else if (got.result == R_OK) {
        if (stream.n_written != len) {
            wrong("pack: %u bytes of %u", (unsigned int)stream.n_written, (unsigned int)len);
        }
    } else if (got.result == R_ETIMEDOUT) {
        if (!stream.blocked || clock_ms - started < 1000) {
            wrong("pack: ETIMEDOUT");
        }
    } else if (!run.faulty) {
        wrong("pack: %s", result_name(got.result));
    }
}

void target_streams(input_t *in) {
    reading_t options;
    unsigned int bits = take(in);
    bits |= take(in) << 8;
    reading_options(&options, bits);
    uint8_t faults = take(in);
    size_t n = SCRIPT;
    const uint8_t *ops = take_some(in, &n);
    stream_kind_t kind = take(in) % STREAM_KINDS;
    uint8_t times = take(in);
    static const int milliseconds[4] = { 0, 3, 1000, -1 };
    int wait = milliseconds[times & 3];
    int timeout = milliseconds[times >> 2 & 3];
    size_t n_outcomes = take(in) & 63;
    input_t outcomes;
    outcomes.p = take_some(in, &n_outcomes);
    outcomes.end = outcomes.p + n_outcomes;
    if (n < SCRIPT || options.timestamp == 3 || (options.object_hook && options.pairs_hook)) {
        return;
    }
    if (!(times & 0x80)) {
        seek_kind_t seek = kind == STREAM_NATIVE ? times >> 4 & 7 : SEEK_NO_METHOD;
        mp_obj_t obj = stream_open(kind, seek, in->p, left(in), outcomes);
        faults_set(faults);
        if (kind == STREAM_BYTES_IO) {
            // The position of a BytesIO cannot be seen from here, so only its errors are checked.
            args_t args = { .n_args = 0 };
            arg(&args, obj);
            reading_args(&args, &options);
            while (call(function(F_UNPACK), &args).result == R_OK) {
            }
            return;
        }
        unpack(&options, ops, obj, wait, timeout);
    } else {
        // Pack the object that the bytes decode to, with default options.
        mp_obj_t bytes = mp_obj_new_bytes(in->p, left(in));
        args_t args = { .n_args = 0 };
        arg(&args, bytes);
        outcome_t obj = call(function(F_UNPACKB), &args);
        if (obj.result == R_EXTRA) {
            obj.obj = mp_load_attr(obj.obj, MP_QSTR_unpacked);
        } else if (obj.result != R_OK) {
            return;
        }
        args.items[0] = obj.obj;
        outcome_t packed = call(function(F_PACKB), &args);
        if (packed.result != R_OK) {
            wrong("packb of what was unpacked: %s", result_name(packed.result));
        }
        mp_obj_t stream_obj = stream_open(kind, SEEK_NO_METHOD, NULL, 0, outcomes);
        faults_set(faults);
        pack(stream_obj, obj.obj, packed.obj);
    }
}
