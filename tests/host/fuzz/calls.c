// SPDX-License-Identifier: MIT
// Calls of the module, and their results.

#include <stdio.h>
#include <string.h>

#include "py/builtin.h"
#include "py/mperrno.h"
#include "py/objexcept.h"
#include "py/objstr.h"

#include "fuzz.h"

MP_REGISTER_ROOT_POINTER(mp_obj_t fuzz_functions[18]);

const mp_obj_type_t *timestamp_type;
const mp_obj_type_t *unpacker_type;

typedef struct _kind_t {
    const mp_obj_type_t *type;
    result_t result;
} kind_t;

// Exception classes and the results they stand for. The module's classes come first, since they are
// derived from the others.
static kind_t kinds[20];
static size_t n_kinds;

void calls_init(void) {
    mp_obj_t small = mp_import_name(MP_QSTR_msgpack_small, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
    mp_obj_t module = mp_import_name(MP_QSTR_msgpack, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
    static const qstr_short_t names[F_END] = {
        MP_QSTR_pack, MP_QSTR_packb, MP_QSTR_pack_into, MP_QSTR_unpack, MP_QSTR_unpackb, MP_QSTR_Packer,
        MP_QSTR_Unpacker, MP_QSTR_ExtType, MP_QSTR_Timestamp,
    };
    for (size_t i = 0; i < F_END; i++) {
        MP_STATE_VM(fuzz_functions)[i] = mp_load_attr(module, names[i]);
        bool in_both = i != F_PACK_INTO && i != F_PACKER && i != F_UNPACKER && i != F_TIMESTAMP;
        MP_STATE_VM(fuzz_functions)[F_END + i] = mp_load_attr(in_both ? small : module, names[i]);
    }
    timestamp_type = MP_OBJ_TO_PTR(function(F_TIMESTAMP));
    unpacker_type = MP_OBJ_TO_PTR(function(F_UNPACKER));
    static const struct {
        qstr_short_t name;
        result_t result;
    } own[] = {
        { MP_QSTR_ExtraData, R_EXTRA }, { MP_QSTR_FormatError, R_FORMAT }, { MP_QSTR_StackError, R_STACK },
        { MP_QSTR_OutOfData, R_OUT_OF_DATA }, { MP_QSTR_BufferFull, R_FULL },
    };
    for (size_t i = 0; i < MP_ARRAY_SIZE(own); i++) {
        kinds[n_kinds++] = (kind_t) { MP_OBJ_TO_PTR(mp_load_attr(module, own[i].name)), own[i].result };
    }
    // Its other classes are builtin ones.
    kinds[n_kinds++] = (kind_t) { MP_OBJ_TO_PTR(mp_load_attr(small, MP_QSTR_ExtraData)), R_EXTRA };
    static const kind_t builtin[] = {
        { &mp_type_UnicodeError, R_UNICODE }, { &mp_type_ValueError, R_VALUE }, { &mp_type_TypeError, R_TYPE },
        { &mp_type_RuntimeError, R_RUNTIME }, { &mp_type_OverflowError, R_OVERFLOW },
        { &mp_type_MemoryError, R_MEMORY }, { &mp_type_EOFError, R_EOF }, { &mp_type_KeyboardInterrupt, R_INTERRUPT },
        { &hook_error_type, R_HOOK }, { &stream_error_type, R_STREAM },
    };
    memcpy(kinds + n_kinds, builtin, sizeof(builtin));
    n_kinds += MP_ARRAY_SIZE(builtin);
}

mp_obj_t function(function_t f) {
    return MP_STATE_VM(fuzz_functions)[run.small ? F_END + f : f];
}

bool is_ext_type(const mp_obj_type_t *type) {
    mp_obj_t obj = MP_OBJ_FROM_PTR(type);
    return obj == MP_STATE_VM(fuzz_functions)[F_EXT_TYPE] || obj == MP_STATE_VM(fuzz_functions)[F_END + F_EXT_TYPE];
}

static result_t classify_os_error(mp_obj_exception_t *exception) {
    if (exception->args->len == 0) {
        return R_OS_ERROR;
    }
    mp_obj_t number = exception->args->items[0];
    return number == MP_OBJ_NEW_SMALL_INT(MP_EAGAIN) ? R_EAGAIN
           : number == MP_OBJ_NEW_SMALL_INT(MP_ETIMEDOUT) ? R_ETIMEDOUT
           : number == MP_OBJ_NEW_SMALL_INT(MP_EIO) ? R_EIO : R_OS_ERROR;
}

result_t classify(mp_obj_t obj) {
    mp_obj_exception_t *exception = MP_OBJ_TO_PTR(obj);
    const mp_obj_type_t *type = exception->base.type;
    if (type == &mp_type_OSError) {
        return classify_os_error(exception);
    }
    for (size_t i = 0; i < n_kinds; i++) {
        if (type == kinds[i].type) {
            if (kinds[i].result == R_VALUE && exception->args->len == 1 && mp_obj_is_str(exception->args->items[0])) {
                size_t len;
                const char *text = mp_obj_str_get_data(exception->args->items[0], &len);
                return strncmp(text, "incomplete", 10) == 0 ? R_MORE : R_VALUE;
            }
            return kinds[i].result;
        }
    }
    return R_OTHER;
}

void arg(args_t *args, mp_obj_t obj) {
    args->items[args->n_args++] = obj;
}

void arg_kw(args_t *args, qstr name, mp_obj_t value) {
    mp_obj_t *kw = args->items + args->n_args + 2 * args->n_kw++;
    kw[0] = MP_OBJ_NEW_QSTR(name);
    kw[1] = value;
}

typedef struct _protected_t {
    mp_obj_t fun;
    size_t n_args;
    size_t n_kw;
    const mp_obj_t *args;
} protected_t;

// If fun is null, get the next item of an iterator.
static __attribute__((noinline)) outcome_t call_protected(const char *name, const protected_t *volatile p) {
    char here;
    run.stack = &here;
    outcome_t outcome;
    size_t locked = MP_STATE_THREAD(gc_lock_depth);
    nlr_buf_t nlr;
    nlr_buf_t *top = MP_STATE_THREAD(nlr_top);
    if (nlr_push(&nlr) == 0) {
        mp_obj_t obj = p->fun == MP_OBJ_NULL ? mp_iternext(p->args[0])
            : mp_call_function_n_kw(p->fun, p->n_args, p->n_kw, p->args);
        nlr_pop();
        outcome = (outcome_t) { R_OK, obj };
    } else {
        outcome = (outcome_t) { classify(MP_OBJ_FROM_PTR(nlr.ret_val)), MP_OBJ_FROM_PTR(nlr.ret_val) };
    }
    run.stack = NULL;
    if (trace) {
        fprintf(stderr, "%s: %s ", name, result_name(outcome.result));
        print_obj(outcome.obj == MP_OBJ_NULL ? mp_const_none : outcome.obj);
    }
    if (outcome.result == R_OTHER) {
        wrong("an exception that is not documented: %s", mp_obj_get_type_str(outcome.obj));
    }
    if (MP_STATE_THREAD(gc_lock_depth) != locked || MP_STATE_THREAD(nlr_top) != top) {
        wrong("the heap is left locked, or an exception handler is left");
    }
    return outcome;
}

outcome_t call(mp_obj_t fun, const args_t *args) {
    return call_protected("call", &(protected_t) { fun, args->n_args, args->n_kw, args->items });
}

outcome_t call_method(mp_obj_t self, qstr name, size_t n, const mp_obj_t *args) {
    mp_obj_t method[8];
    mp_load_method(self, name, method);
    memcpy(method + 2, args, n * sizeof(mp_obj_t));
    return call_protected(qstr_str(name), &(protected_t) { method[0], 1 + n, 0, method + 1 });
}

outcome_t call_next(mp_obj_t iterator) {
    return call_protected("next", &(protected_t) { MP_OBJ_NULL, 1, 0, &iterator });
}

/******************************************************************************/
// Options

void reading_options(reading_t *r, unsigned int bits) {
    r->tuples = bits & 1;
    r->raw = bits & 2;
    r->strict_map_key = bits & 4;
    r->timestamp = bits >> 3 & 3;
    r->list_hook = bits & 0x20;
    r->ext_hook = bits & 0x40;
    r->object_hook = bits & 0x80;
    r->pairs_hook = bits & 0x100;
    for (size_t i = 0; i < 5; i++) {
        r->max_len[i] = bits & 0x200 << i ? 2 + i : UINT32_MAX;
    }
    r->max_depth = bits & 0x4000 ? 3 : MAX_DEPTH;
}

void reading_args(args_t *args, const reading_t *r) {
    static const qstr_short_t limits[5] = {
        MP_QSTR_max_str_len, MP_QSTR_max_bin_len, MP_QSTR_max_ext_len, MP_QSTR_max_array_len, MP_QSTR_max_map_len,
    };
    if (r->tuples) {
        arg_kw(args, MP_QSTR_use_list, mp_const_false);
    }
    if (r->raw) {
        arg_kw(args, MP_QSTR_raw, mp_const_true);
    }
    if (r->strict_map_key) {
        arg_kw(args, MP_QSTR_strict_map_key, mp_const_true);
    }
    if (r->timestamp != 0) {
        arg_kw(args, MP_QSTR_timestamp, MP_OBJ_NEW_SMALL_INT(r->timestamp));
    }
    if (r->list_hook) {
        arg_kw(args, MP_QSTR_list_hook, hook(HOOK_CONTAINER));
    }
    if (r->ext_hook) {
        arg_kw(args, MP_QSTR_ext_hook, hook(HOOK_EXT));
    }
    if (r->object_hook) {
        arg_kw(args, MP_QSTR_object_hook, hook(HOOK_CONTAINER));
    }
    if (r->pairs_hook) {
        arg_kw(args, MP_QSTR_object_pairs_hook, hook(HOOK_CONTAINER));
    }
    for (size_t i = 0; i < 5; i++) {
        if (r->max_len[i] != UINT32_MAX) {
            arg_kw(args, limits[i], MP_OBJ_NEW_SMALL_INT(r->max_len[i]));
        }
    }
    if (r->max_depth != MAX_DEPTH) {
        arg_kw(args, MP_QSTR_max_depth, MP_OBJ_NEW_SMALL_INT(r->max_depth));
    }
}
