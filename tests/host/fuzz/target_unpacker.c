// SPDX-License-Identifier: MIT
// Compares any sequence of an Unpacker's methods, fed or over a stream, with the model.
//
// Input: options (2), faults, hooks (SCRIPT), kind (fed, or of stream), max_buffer_size and read_size,
// number of outcomes, the outcomes; then commands, each followed by the bytes that it feeds.

#include <string.h>

#include "py/gc.h"

#include "fuzz.h"

enum {
    COMMANDS = 64,
    HEADER = 9, // Bytes of the longest header. A buffer of this capacity can hold any header.
};

// The expected state of the Unpacker.
static uint8_t data[INPUT_MAX + 64]; // All bytes that were fed, or that the stream holds.
static size_t have; // How many of these bytes the Unpacker has received.
static size_t start; // The offset in data of the current or next object.
static size_t base; // The offset in data at which tell() is 0.
static enum { BETWEEN, INSIDE, SKIPPING, PASSING } state; // PASSING: after an error, the object's rest is skipped.
static result_t broken;
static bool has_stream;
static size_t max_size;
static model_t model;
static mp_obj_t unpacker;

static bool unsure(void) {
    if (has_stream) {
        have = stream.pos;
    }
    if (model.unsure) {
        run.tainted = true;
    }
    return run.tainted || run.faulty;
}

static void clear(void) {
    state = BETWEEN;
    broken = R_OK;
}

static size_t tell(void) {
    outcome_t got = call_method(unpacker, MP_QSTR_tell, 0, NULL);
    if (got.result != R_OK || !mp_obj_is_small_int(got.obj)) {
        wrong("tell(): %s", result_name(got.result));
    }
    return base + MP_OBJ_SMALL_INT_VALUE(got.obj);
}

// Skip the rest of an object that skip() or an error left unfinished: R_OK, R_MORE, or R_FORMAT.
static result_t pass(void) {
    if (state == SKIPPING || state == PASSING) {
        size_t pos = start;
        result_t result = model_skip(data, have, &pos);
        if (result != R_OK) {
            return result;
        }
        start = pos;
        state = BETWEEN;
    }
    return R_OK;
}

// Check the exception of a call for which bytes are missing: OutOfData, BufferFull or the stream's error.
static void check_more(const char *what, result_t got, bool full_is_right) {
    if (has_stream && stream.fatal != 0) {
        if (!(stream.fatal >> got & 1)) {
            wrong("%s: %s after an error of the stream", what, result_name(got));
        }
    } else if (got == R_FULL && (full_is_right || max_size < HEADER) && has_stream) {
        size_t waiting = have - tell();
        if (waiting != max_size) {
            wrong("%s: BufferFull with %u bytes", what, (unsigned int)waiting);
        }
    } else if (got != R_OUT_OF_DATA) {
        wrong("%s: %s where bytes are missing", what, result_name(got));
    } else if (has_stream && !stream.eof && !stream.blocked) {
        wrong("%s: OutOfData, but the stream has neither ended nor blocked", what);
    }
}

static void check_result(const char *what, result_t got, result_t expected) {
    if (got != expected) {
        wrong("%s: %s, not %s", what, result_name(got), result_name(expected));
    }
}

static bool check_broken(const char *what, result_t got) {
    if (broken != R_OK) {
        check_result(what, got, broken);
    }
    return broken != R_OK;
}

// Call unpack() or next() and check the result. Return false if it cannot be predicted.
static bool unpack(bool iterate) {
    outcome_t got = iterate ? call_next(unpacker) : call_method(unpacker, MP_QSTR_unpack, 0, NULL);
    if (iterate && got.result == R_OK && got.obj == MP_OBJ_STOP_ITERATION) {
        got.result = R_OUT_OF_DATA;
    }
    if (unsure()) {
        return false;
    }
    if (check_broken("unpack", got.result)) {
        return true;
    }
    result_t expected = pass();
    if (expected == R_OK) {
        uint32_t calls = model.script.calls;
        model.pos = start;
        model.len = have;
        expected = model_read(&model);
        if (model.unsure) {
            return false;
        }
        if (expected == R_MORE) {
            model.script.calls = calls;
            check_more("unpack", got.result, true);
            // The Unpacker consumes no truncated header, and no header without its payload.
            state = tell() > start ? INSIDE : BETWEEN;
            return true;
        }
        check_result("unpack", got.result, expected);
        if (run.script.calls != model.script.calls) {
            wrong("unpack: %u calls of hooks, not %u", (unsigned int)run.script.calls,
                (unsigned int)model.script.calls);
        }
        if (expected == R_OK) {
            if (value_of_obj(got.obj).is != model.value.is) {
                print_obj(got.obj);
                wrong("unpack: another value");
            }
            start = model.pos;
            state = BETWEEN;
        } else if (model.lost) {
            broken = expected;
        } else {
            state = PASSING;
        }
    } else if (expected == R_MORE) {
        check_more("unpack", got.result, false);
    } else {
        check_result("unpack", got.result, expected);
        broken = expected;
    }
    return true;
}

static bool skip(void) {
    outcome_t got = call_method(unpacker, MP_QSTR_skip, 0, NULL);
    if (unsure()) {
        return false;
    }
    if (check_broken("skip", got.result)) {
        return true;
    }
    result_t expected = state == PASSING ? pass() : R_OK;
    if (expected == R_OK) {
        if (state == INSIDE) {
            // Hooks that unpack() has called are not called again.
            model.script.calls = run.script.calls;
        }
        state = SKIPPING;
        expected = pass();
    }
    if (expected == R_MORE) {
        check_more("skip", got.result, false);
        if (tell() == start) {
            state = BETWEEN;
        }
    } else {
        check_result("skip", got.result, expected);
        broken = expected == R_OK ? broken : expected;
    }
    return true;
}

// What a read method must do first: skip the rest of an object after an error, or raise RuntimeError in
// the middle of an object.
static result_t before_reading(void) {
    result_t expected = pass();
    return expected == R_OK && state == INSIDE ? R_RUNTIME : expected;
}

static bool read_header(bool map) {
    outcome_t got = call_method(unpacker, map ? MP_QSTR_read_map_header : MP_QSTR_read_array_header, 0, NULL);
    if (unsure()) {
        return false;
    }
    if (check_broken("read header", got.result)) {
        return true;
    }
    result_t expected = before_reading();
    uint32_t n = 0;
    if (expected == R_OK) {
        size_t pos = start;
        expected = model_header(data, have, &pos, map, &n);
        start = pos;
    }
    if (expected == R_MORE) {
        check_more("read header", got.result, false);
        return true;
    }
    check_result("read header", got.result, expected);
    if (expected == R_FORMAT) {
        broken = expected;
    }
    if (expected == R_OK && value_of_obj(got.obj).is != value_small(n).is) {
        wrong("read header: another length");
    }
    return true;
}

static bool read_bytes(size_t n) {
    mp_obj_t arg = MP_OBJ_NEW_SMALL_INT(n);
    outcome_t got = call_method(unpacker, MP_QSTR_read_bytes, 1, &arg);
    if (unsure()) {
        return false;
    }
    if (check_broken("read_bytes", got.result)) {
        return true;
    }
    result_t expected = before_reading();
    if (expected == R_MORE) {
        check_more("read_bytes", got.result, false);
        return true;
    }
    if (expected == R_OK && got.result != R_OK) {
        if (n <= have - start) {
            wrong("read_bytes: %s, with all bytes buffered", result_name(got.result));
        }
        check_more("read_bytes", got.result, true);
        return true;
    }
    check_result("read_bytes", got.result, expected);
    if (expected == R_FORMAT) {
        broken = expected;
    }
    if (expected == R_OK) {
        size_t len = MIN(n, have - start);
        if (value_of_obj(got.obj).is != value_bytes(data + start, len).is) {
            wrong("read_bytes: other bytes");
        }
        start += len;
    }
    return true;
}

// Feed bytes, or append them to the stream.
static bool feed(input_t *in, size_t n, bool view) {
    size_t end = has_stream ? stream.end : have;
    const uint8_t *p = take_some(in, &n);
    memcpy(data + end, p, n);
    if (has_stream) {
        stream.end = end + n;
        return true;
    }
    mp_obj_t bytes = mp_obj_new_bytearray(n, p);
    if (view) {
        bytes = mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_memoryview), 1, 0, &bytes);
    }
    size_t waiting = unsure() ? 0 : have - tell();
    result_t got = call_method(unpacker, MP_QSTR_feed, 1, &bytes).result;
    if (unsure()) {
        return false;
    }
    if (check_broken("feed", got)) {
        return true;
    }
    check_result("feed", got, n > max_size - waiting ? R_FULL : R_OK);
    if (got == R_OK) {
        have += n;
    }
    return true;
}

static bool reset(void) {
    result_t got = call_method(unpacker, MP_QSTR_reset, 0, NULL).result;
    if (got != R_OK && !run.faulty) {
        wrong("reset()");
    }
    clear();
    start = base = have;
    model.script.calls = run.script.calls = 0;
    return true;
}

static bool command(input_t *in) {
    uint8_t b = take(in);
    size_t n = b >> 4;
    switch (b & 15) {
        case 0:
        case 1:
        case 2:
        case 3:
            return feed(in, n + 1, false);
        case 4:
            return feed(in, 16 * n, true);
        case 5:
        case 6:
        case 7:
            return unpack(false);
        case 8:
            return unpack(true);
        case 9:
        case 10:
            return skip();
        case 11:
            return read_bytes(n == 15 ? 300 : n);
        case 12:
            return read_header(false);
        case 13:
            return read_header(true);
        case 14:
            return n == 0 ? reset() : true;
        default:
            if (n == 0) {
                gc_collect();
            }
            return true;
    }
}

static void check_place(void) {
    size_t at = tell();
    if (broken == R_OK && !(state == BETWEEN ? at == start : at >= start && at <= have)) {
        wrong("tell() is %u, the object begins at %u, and %u bytes came", (unsigned int)at, (unsigned int)start,
            (unsigned int)have);
    }
}

void target_unpacker(input_t *in) {
    static reading_t options;
    unsigned int bits = take(in);
    bits |= take(in) << 8;
    reading_options(&options, bits);
    uint8_t faults = take(in);
    size_t n = SCRIPT;
    const uint8_t *ops = take_some(in, &n);
    unsigned int kind = take(in) % STREAM_BYTES_IO;
    bool fed = take(in) & 1;
    uint8_t sizes = take(in);
    static const uint16_t max_sizes[] = { 0, 1, 8, 20, 64, 100, 300, 1000 };
    static const uint16_t read_sizes[] = { 0, 1, 3, 16, 100 };
    size_t n_outcomes = take(in) & 31;
    input_t outcomes;
    outcomes.p = take_some(in, &n_outcomes);
    outcomes.end = outcomes.p + n_outcomes;
    if (n < SCRIPT || options.timestamp == 3 || (options.object_hook && options.pairs_hook)) {
        return;
    }
    has_stream = !fed;
    have = start = base = 0;
    clear();
    model = (model_t) { .data = data, .source = FROM_PIECES, .options = &options, .script = { ops, 0 } };
    run.script = (script_t) { ops, 0 };
    max_size = max_sizes[sizes & 7];
    args_t args = { .n_args = 0 };
    if (has_stream) {
        arg(&args, stream_open(kind, SEEK_NO_METHOD, data, 0, outcomes));
        arg_kw(&args, MP_QSTR_read_size, MP_OBJ_NEW_SMALL_INT(read_sizes[(sizes >> 3) % 5]));
    }
    reading_args(&args, &options);
    arg_kw(&args, MP_QSTR_max_buffer_size, MP_OBJ_NEW_SMALL_INT(max_size));
    max_size = max_size == 0 ? 100 * 1024 * 1024 : max_size;
    faults_set(faults);
    outcome_t made = call(function(F_UNPACKER), &args);
    if (made.result != R_OK) {
        return;
    }
    run.busy = unpacker = made.obj;
    for (size_t i = 0; i < COMMANDS && left(in) > 0; i++) {
        stream_forget();
        if (command(in) && !unsure()) {
            check_place();
        }
    }
    run.busy = MP_OBJ_NULL;
}
