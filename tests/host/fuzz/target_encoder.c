// SPDX-License-Identifier: MIT
// Compares packb, pack, pack_into and Packer, for objects of all kinds, with a second writer. Hooks may
// change the object that is being packed.
//
// Input: options, faults, hooks (SCRIPT), what to call, offset; the rest is the object, or commands for a
// Packer with their objects.

#include <string.h>

#include "py/builtin.h"
#include "py/gc.h"
#include "py/objarray.h"
#include "py/objlist.h"

#include "fuzz.h"

enum {
    COMMANDS = 24,
    CAPACITY = 600, // The most bytes of the buffer for pack_into.
};

static packed_t expected;
static bool deep;

static packing_t writing_options(uint8_t bits) {
    return (packing_t) {
               .default_hook = bits & 1, .single_float = bits & 2, .strict_types = bits & 4, .old_format = bits & 8,
    };
}

static void writing_args(args_t *args, const packing_t *options) {
    if (options->default_hook) {
        arg_kw(args, MP_QSTR_default, hook(HOOK_DEFAULT));
    }
    if (options->single_float) {
        arg_kw(args, MP_QSTR_use_single_float, mp_const_true);
    }
    if (options->strict_types) {
        arg_kw(args, MP_QSTR_strict_types, mp_const_true);
    }
    if (options->old_format) {
        arg_kw(args, MP_QSTR_use_bin_type, mp_const_false);
    }
}

// Check that bytes whose content cannot be predicted are a sequence of whole objects.
static void check_form(const char *what, const uint8_t *data, size_t len) {
    size_t pos = 0;
    if (model_skip(data, len, &pos) != R_OK || pos != len) {
        wrong("%s: these %u bytes are no message", what, (unsigned int)len);
    }
}

// Check a result. Return false if there are no bytes that can be checked.
static bool check(const char *what, result_t got, result_t result) {
    if (run.tainted || (run.faulty && got == R_MEMORY)) {
        return false;
    }
    if (got != result) {
        wrong("%s: %s, not %s", what, result_name(got), result_name(result));
    }
    return got == R_OK;
}

static void check_bytes(const char *what, const uint8_t *data, size_t len) {
    if (len != expected.len || (!expected.nan && memcmp(data, expected.bytes, len) != 0)) {
        wrong("%s: other bytes", what);
    }
}

static void check_object(const char *what, outcome_t got, result_t result) {
    if (got.result == R_OK) {
        mp_buffer_info_t buf;
        mp_get_buffer_raise(got.obj, &buf, MP_BUFFER_READ);
        if (check(what, got.result, result)) {
            check_bytes(what, buf.buf, buf.len);
        } else {
            check_form(what, buf.buf, buf.len);
        }
    } else {
        check(what, got.result, result);
    }
}

static void begin(const uint8_t *ops) {
    run.script = (script_t) { ops, 0 };
}

static void pack_to_stream(const packing_t *options, mp_obj_t obj, result_t result, stream_kind_t kind) {
    args_t args = { .n_args = 0 };
    arg(&args, obj);
    arg(&args, stream_open(kind, SEEK_NO_METHOD, NULL, 0, (input_t) { NULL, NULL }));
    writing_args(&args, options);
    result_t got = call(function(F_PACK), &args).result;
    if (check("pack", got, result)) {
        check_bytes("pack", stream.written, stream.n_written);
    } else if (got == R_OK) {
        check_form("pack", stream.written, stream.n_written);
    } else if (!run.tainted && !run.faulty && result != R_OK && expected.len <= 240 && stream.n_written != 0) {
        wrong("pack: a part of a short message is written");
    }
}

static void pack_into(const packing_t *options, mp_obj_t obj, result_t result, size_t offset, bool overlaps) {
    args_t args = { .n_args = 0 };
    arg(&args, obj);
    arg(&args, run.source);
    arg(&args, MP_OBJ_NEW_SMALL_INT(offset));
    writing_args(&args, options);
    mp_buffer_info_t buf;
    mp_get_buffer_raise(run.source, &buf, MP_BUFFER_RW);
    byte before[CAPACITY];
    size_t capacity = buf.len;
    memcpy(before, buf.buf, capacity);
    outcome_t got = call(function(F_PACK_INTO), &args);
    mp_get_buffer_raise(run.source, &buf, MP_BUFFER_RW);
    if (run.tainted) {
        return;
    }
    if (memcmp(buf.buf, before, MIN(offset, capacity)) != 0) {
        wrong("pack_into: bytes before the message have changed");
    }
    if (result == R_OK && (offset > capacity || expected.len > capacity - offset)) {
        result = R_VALUE;
    } else if (result != R_OK && got.result == R_VALUE && (offset > capacity || expected.len > capacity - offset)) {
        return; // The buffer was full before the other error occurred.
    }
    bool is_known = check("pack_into", got.result, result);
    if (got.result == R_OK) {
        size_t n = mp_obj_get_int(got.obj);
        if (is_known && n != expected.len) {
            wrong("pack_into: %u bytes, not %u", (unsigned int)n, (unsigned int)expected.len);
        }
        size_t end = offset + n;
        if (end > capacity || memcmp((byte *)buf.buf + end, before + end, capacity - end) != 0) {
            wrong("pack_into: bytes after the message have changed");
        }
        if (is_known && !overlaps) {
            check_bytes("pack_into", (byte *)buf.buf + offset, n);
        }
    }
}

static void functions(input_t *in, const packing_t *options, const uint8_t *ops, uint8_t faults, uint8_t which,
    size_t offset) {
    static const byte empty[CAPACITY];
    size_t capacity = which & 0x40 ? CAPACITY : (which & 15) * 4;
    run.source = mp_obj_new_bytearray(capacity, empty);
    bool overlaps = false;
    if (!(which & 0x80)) {
        mp_obj_t source = run.source;
        run.source = MP_OBJ_NULL; // The object must not contain the buffer.
        mp_obj_t obj = object_new(in, deep);
        run.source = source;
        run.containers[MP_ARRAY_SIZE(run.containers) - 1] = obj;
    } else {
        run.containers[MP_ARRAY_SIZE(run.containers) - 1] = object_new(in, deep);
        overlaps = true;
    }
    run.n_containers = MIN(run.n_containers, MP_ARRAY_SIZE(run.containers) - 1);
    mp_obj_t obj = run.containers[MP_ARRAY_SIZE(run.containers) - 1];
    expected.len = 0;
    expected.too_long = expected.unsure = expected.nan = false;
    result_t result = packing_write(&expected, options, &(script_t) { ops, 0 }, obj, 0);
    if (expected.too_long) {
        return;
    }
    bool all = !expected.unsure;
    faults_set(faults);
    run.tainted = run.writing && overlaps;
    args_t args = { .n_args = 0 };
    arg(&args, obj);
    writing_args(&args, options);
    // If a hook may change the object, later calls would pack another one, so only one call is made.
    if (all || (which >> 4 & 3) == 0) {
        begin(ops);
        check_object("packb", call(function(F_PACKB), &args), result);
    }
    if (all || (which >> 4 & 3) == 1) {
        begin(ops);
        pack_to_stream(options, obj, result, which % STREAM_BYTES_IO);
    }
    if (all || (which >> 4 & 3) == 2) {
        begin(ops);
        args = (args_t) { .n_args = 0 };
        writing_args(&args, options);
        outcome_t packer = call(function(F_PACKER), &args);
        if (packer.result == R_OK) {
            run.busy = packer.obj;
            check_object("Packer.pack", call_method(packer.obj, MP_QSTR_pack, 1, &obj), result);
            run.busy = MP_OBJ_NULL;
        }
    }
    if (all || (which >> 4 & 3) == 3) {
        begin(ops);
        pack_into(options, obj, result, offset, overlaps);
    }
}

/******************************************************************************/
// A sequence of a Packer's methods

static size_t sure; // Length of expected before the current command.

// Check a command whose bytes have been appended to expected. If it fails, it must have added nothing.
static bool added(const char *what, outcome_t got, result_t result, bool autoreset) {
    if (expected.unsure || run.tainted || run.faulty) {
        return false;
    }
    check(what, got.result, result);
    if (result != R_OK) {
        expected.len = sure;
    } else if (autoreset) {
        mp_buffer_info_t buf;
        mp_get_buffer_raise(got.obj, &buf, MP_BUFFER_READ);
        check_bytes(what, buf.buf, buf.len);
        expected.len = 0;
    } else if (got.obj != mp_const_none) {
        wrong("%s: a result without autoreset", what);
    }
    sure = expected.len;
    return true;
}

static mp_obj_t pairs_new(input_t *in, size_t n) {
    mp_obj_t list = mp_obj_new_list(0, NULL);
    for (; n > 0; n--) {
        mp_obj_t pair[2] = { object_new(in, deep), object_new(in, deep) };
        mp_obj_list_append(list, mp_obj_new_tuple(2, pair));
    }
    return list;
}

static bool packer_command(input_t *in, const packing_t *options, mp_obj_t packer, bool autoreset) {
    uint8_t b = take(in);
    size_t n = b >> 4;
    script_t script = run.script;
    mp_obj_t args[2];
    result_t result = R_OK;
    switch (b & 7) {
        case 0:
        case 1:
            args[0] = object_new(in, deep);
            result = packing_write(&expected, options, &script, args[0], 0);
            return !expected.too_long && added("pack", call_method(packer, MP_QSTR_pack, 1, args), result, autoreset);
        case 2:
        case 3: {
            bool map = b & 1;
            uint32_t len = (uint32_t)take(in) << 2 * n;
            args[0] = mp_obj_new_int_from_uint(len);
            packing_header(&expected, map, len);
            qstr name = map ? MP_QSTR_pack_map_header : MP_QSTR_pack_array_header;
            return added("header", call_method(packer, name, 1, args), R_OK, autoreset);
        }
        case 4: {
            args[0] = pairs_new(in, n);
            size_t len;
            mp_obj_t *pairs;
            mp_obj_get_array(args[0], &len, &pairs);
            packing_header(&expected, true, len);
            for (size_t i = 0; i < 2 * len && result == R_OK && !expected.too_long; i++) {
                mp_obj_t *pair;
                mp_obj_get_array_fixed_n(pairs[i / 2], 2, &pair);
                result = packing_write(&expected, options, &script, pair[i & 1], 1);
            }
            outcome_t got = { R_OK, MP_OBJ_NULL };
            if (!expected.too_long) {
                got = call_method(packer, MP_QSTR_pack_map_pairs, 1, args);
            }
            return !expected.too_long && added("pairs", got, result, autoreset);
        }
        case 5: {
            int8_t code = take(in);
            const uint8_t *p = take_some(in, &n);
            args[0] = MP_OBJ_NEW_SMALL_INT(code);
            args[1] = mp_obj_new_bytearray(n, p);
            packing_ext(&expected, code, p, n);
            return added("ext", call_method(packer, MP_QSTR_pack_ext_type, 2, args), R_OK, autoreset);
        }
        case 6: {
            outcome_t got = call_method(packer, n & 1 ? MP_QSTR_bytes : MP_QSTR_getbuffer, 0, NULL);
            if (expected.unsure || run.tainted || run.faulty) {
                return false;
            }
            mp_buffer_info_t buf;
            mp_get_buffer_raise(got.obj, &buf, MP_BUFFER_READ);
            check_bytes("bytes", buf.buf, buf.len);
            return true;
        }
        default:
            if (n == 0) {
                call_method(packer, MP_QSTR_reset, 0, NULL);
                sure = expected.len = 0;
            }
            return true;
    }
}

static void commands(input_t *in, const packing_t *options, const uint8_t *ops, uint8_t faults, uint8_t which) {
    args_t args = { .n_args = 0 };
    bool autoreset = which & 0x40;
    if (!autoreset) {
        arg_kw(&args, MP_QSTR_autoreset, mp_const_false);
    }
    if (which & 0x80) {
        arg_kw(&args, MP_QSTR_buf_size, MP_OBJ_NEW_SMALL_INT(which & 15));
    }
    writing_args(&args, options);
    outcome_t packer = call(function(F_PACKER), &args);
    if (packer.result != R_OK) {
        return;
    }
    run.busy = packer.obj;
    begin(ops);
    sure = expected.len = 0;
    expected.too_long = expected.unsure = expected.nan = false;
    faults_set(faults);
    for (size_t i = 0; i < COMMANDS && left(in) > 0; i++) {
        if (!packer_command(in, options, packer.obj, autoreset) && expected.too_long) {
            return;
        }
    }
}

void target_encoder(input_t *in) {
    uint8_t bits = take(in);
    packing_t options = writing_options(bits);
    uint8_t faults = take(in);
    size_t n = SCRIPT;
    const uint8_t *ops = take_some(in, &n);
    uint8_t which = take(in);
    uint8_t offset = take(in);
    // Deep nesting is rare, because it takes a hundred times as long.
    deep = bits >> 5 == 5 && offset == 0xa5;
    if (n < SCRIPT) {
        return;
    }
    if (bits & 0x10) {
        commands(in, &options, ops, faults, which);
    } else {
        functions(in, &options, ops, faults, which, offset);
    }
}
