// SPDX-License-Identifier: MIT
// Packer: an encoder whose memory is kept between messages.

#include <string.h>

#include "try_lock.h"
#include "encoder.h"
#include "object.h"
#include "packer.h"

typedef struct _packer_t {
    mp_obj_base_t base;
    encoder_t enc;
    pack_options_t opt;
    bool autoreset;
    natmod_try_lock_t lock; // Held while Python code may run inside a method.
} packer_t;

enum {
    BUF_SIZE = 64, // Bytes to start with.
};

static __attribute__((noinline)) mp_obj_t packer_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = (state_t *)natmod_of_type(type);
    mp_obj_t values[KW_END];
    memset(values, 0, sizeof(values));
    mp_arg_check_num(n_args, n_kw, 0, 0, true);
    packer_t *self = m_malloc(sizeof(packer_t));
    memset(self, 0, sizeof(packer_t));
    self->base.type = type;
    encoder_t *enc = &self->enc;
    pack_options_parse(st, &self->opt, n_kw, args, values, KW_DEFAULT, KW_BUF_SIZE + 1);
    self->autoreset = values[KW_AUTORESET] == MP_OBJ_NULL || mp_obj_is_true(values[KW_AUTORESET]);
    size_t size = BUF_SIZE;
    if (values[KW_BUF_SIZE] != MP_OBJ_NULL) {
        size = MAX(int_arg(st, values[KW_BUF_SIZE], 0, MP_SMALL_INT_MAX), HEADER_SPACE);
    }
    encoder_init(enc, st, SINK_MEMORY, m_malloc(size), size);
    enc->on_heap = true;
    enc->opt = &self->opt;
    return MP_OBJ_FROM_PTR(self);
}

static mp_obj_t packer_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    natmod_check_stack(natmod_of_type(type));
    return packer_new(type, n_args, n_kw, args);
}
NATMOD_SLOT(make_new, packer_make_new)

static mp_obj_t packer_bytes(encoder_t *enc) {
    return bytes_new(enc->st, enc->start, enc->cur - enc->start);
}

// What one method does, under the lock. It returns its result, or MP_OBJ_NULL if it has written
// something, which is given away if the Packer is to do so.
typedef mp_obj_t (*action_t)(encoder_t *enc, const mp_obj_t *args);

typedef struct _packer_job_t {
    packer_t *self;
    action_t action;
    const mp_obj_t *args;
    mp_obj_t result;
} packer_job_t;

static void packer_run(void *arg) {
    packer_job_t *job = arg;
    encoder_t *enc = &job->self->enc;
    job->result = job->action(enc, job->args);
    if (job->result == MP_OBJ_NULL) {
        job->result = mp_const_none;
        if (job->self->autoreset) {
            job->result = packer_bytes(enc);
            enc->cur = enc->start;
        }
    }
}

// All or nothing: what an action that fails has written is forgotten.
static mp_obj_t packer_do(action_t action, const mp_obj_t *args) {
    packer_t *self = MP_OBJ_TO_PTR(args[0]);
    encoder_t *enc = &self->enc;
    if (!natmod_try_lock(&self->lock)) {
        natmod_raise(enc->st->RuntimeError, "Packer in use");
    }
    size_t used = enc->cur - enc->start;
    packer_job_t job = { self, action, args, MP_OBJ_NULL };
    mp_obj_t exception = natmod_protect(packer_run, &job);
    if (exception != MP_OBJ_NULL) {
        enc->cur = enc->start + used;
    }
    enc->outer_depth = 0;
    natmod_unlock(&self->lock);
    if (exception != MP_OBJ_NULL) {
        nlr_raise(exception);
    }
    return job.result;
}

// A method of a Packer that does an action.
#define PACKER_METHOD(name, action) \
    static mp_obj_t name(natmod_t * nm, size_t n_args, size_t n_kw, const mp_obj_t * args) { \
        return packer_do(action, args); \
    }

static mp_obj_t write_object(encoder_t *enc, const mp_obj_t *args) {
    encode(enc, args[1]);
    return MP_OBJ_NULL;
}

PACKER_METHOD(packer_pack, write_object)

static mp_obj_t write_array_header(encoder_t *enc, const mp_obj_t *args) {
    encode_array_header(enc, length_arg(enc->st, args[1]));
    return MP_OBJ_NULL;
}

PACKER_METHOD(packer_pack_array_header, write_array_header)

static mp_obj_t write_map_header(encoder_t *enc, const mp_obj_t *args) {
    encode_map_header(enc, length_arg(enc->st, args[1]));
    return MP_OBJ_NULL;
}

PACKER_METHOD(packer_pack_map_header, write_map_header)

static mp_obj_t write_map_pairs(encoder_t *enc, const mp_obj_t *args) {
    mp_obj_t len = MP_OBJ_NULL;
    if (!mp_obj_is_small_int(args[1])) {
        // mp_unary_op does not take LEN of small ints.
        len = mp_unary_op(MP_UNARY_OP_LEN, args[1]);
    }
    uint32_t pairs_left = length_arg(enc->st, len);
    encode_map_header(enc, pairs_left);
    enc->outer_depth = 1;
    mp_obj_iter_buf_t iter;
    natmod_getiter(args[1], &iter);
    mp_obj_t item;
    while ((item = natmod_iternext(&iter)) != MP_OBJ_STOP_ITERATION) {
        mp_obj_t pair[2];
        mp_unpack_sequence(item, 2, pair);
        if (pairs_left-- == 0) {
            break;
        }
        // The sequence arrives with its last item first.
        encode(enc, pair[1]);
        encode(enc, pair[0]);
    }
    if (pairs_left != 0) {
        natmod_raise(enc->st->RuntimeError, "pairs changed while packing");
    }
    return MP_OBJ_NULL;
}

PACKER_METHOD(packer_pack_map_pairs, write_map_pairs)

static mp_obj_t write_ext(encoder_t *enc, const mp_obj_t *args) {
    int8_t code = int_arg(enc->st, args[1], -128, 127);
    mp_buffer_info_t buf;
    buffer_arg(enc->st, args[2], &buf);
    encode_ext(enc, code, args[2]);
    return MP_OBJ_NULL;
}

PACKER_METHOD(packer_pack_ext_type, write_ext)

static mp_obj_t copy_bytes(encoder_t *enc, const mp_obj_t *args) {
    return packer_bytes(enc);
}

PACKER_METHOD(packer_get_bytes, copy_bytes)

static mp_obj_t packer_getbuffer(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    // A view of the memory itself would dangle when that moves.
    mp_obj_t bytes = packer_do(copy_bytes, args);
    return mp_call_function_n_kw(MP_OBJ_FROM_PTR(((state_t *)nm)->memoryview_type), 1, 0, &bytes);
}

static mp_obj_t drop_bytes(encoder_t *enc, const mp_obj_t *args) {
    enc->cur = enc->start;
    return mp_const_none;
}

PACKER_METHOD(packer_reset, drop_bytes)

NATMOD_INIT_TABLE static const natmod_entry_t packer_methods[] = {
    NATMOD_FUN(MP_QSTR_pack, packer_pack, 2, 2, false),
    NATMOD_FUN(MP_QSTR_pack_array_header, packer_pack_array_header, 2, 2, false),
    NATMOD_FUN(MP_QSTR_pack_map_header, packer_pack_map_header, 2, 2, false),
    NATMOD_FUN(MP_QSTR_pack_map_pairs, packer_pack_map_pairs, 2, 2, false),
    NATMOD_FUN(MP_QSTR_pack_ext_type, packer_pack_ext_type, 3, 3, false),
    NATMOD_FUN(MP_QSTR_bytes, packer_get_bytes, 1, 1, false),
    NATMOD_FUN(MP_QSTR_getbuffer, packer_getbuffer, 1, 1, false),
    NATMOD_FUN(MP_QSTR_reset, packer_reset, 1, 1, false),
};

NATMOD_INIT void packer_init(state_t *st) {
    natmod_t *nm = &st->nm;
    mp_obj_type_t *type = natmod_type_new(nm, MP_QSTR_Packer, MP_TYPE_FLAG_NONE, 2);
    NATMOD_SET_SLOT(type, make_new, packer_make_new, 1);
    natmod_add_class(nm, type, 2, packer_methods, MP_ARRAY_SIZE(packer_methods));
    st->packer_type = type;
}
