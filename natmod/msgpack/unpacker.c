// SPDX-License-Identifier: MIT
// Unpacker: a decoder that is fed, or that reads a stream ahead.

#include <string.h>

#include "try_lock.h"
#include "decoder.h"
#include "number.h"
#include "object.h"
#include "unpacker.h"

typedef struct _unpacker_t {
    mp_obj_base_t base;
    bool active; // An object has been begun.
    bool skipping; // The rest of that object is to be skipped,
    bool by_user; // because skip was called for it.
    bool has_stream;
    natmod_try_lock_t lock; // Held while Python code may run inside a method.
    byte *buffer;
    size_t size;
    size_t max_size;
    size_t read_size; // Bytes to ask the stream for.
    uint64_t passed; // Bytes of the objects before the current one.
    const mp_obj_type_t *broken; // The error found in the bytes, or NULL.
    natmod_stream_t stream;
    unpack_options_t opt;
    decoder_t dec; // Its p and end point into the buffer.
} unpacker_t;

enum {
    FIRST_SIZE = 64, // Bytes of the first buffer.
    READ_SIZE = 256, // Bytes to read at once from a stream, unless read_size says otherwise.
    READ_SIZE_MAX = 4096, // The most, so that a large read_size does not exhaust the heap.
    MAX_BUFFER_SIZE = 100 * 1024 * 1024,
};

static __attribute__((noinline)) mp_obj_t unpacker_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = (state_t *)natmod_of_type(type);
    mp_obj_t values[KW_END];
    memset(values, 0, sizeof(values));
    mp_arg_check_num(n_args, n_kw, 0, 1, true);
    unpacker_t *self = m_malloc(sizeof(unpacker_t));
    memset(self, 0, sizeof(unpacker_t));
    self->base.type = type;
    decoder_init(&self->dec, st, SOURCE_FED, NULL, 0);
    self->dec.frames_on_heap = true;
    if (n_args > 0) {
        values[KW_FILE_LIKE] = args[0];
    }
    self->dec.opt = &self->opt;
    unpack_options_parse(st, &self->opt, n_kw, args + n_args, values, KW_FILE_LIKE, KW_WAIT);
    if (values[KW_FILE_LIKE] != MP_OBJ_NULL && !natmod_is_none(values[KW_FILE_LIKE])) {
        natmod_stream_open(&self->stream, &st->streams, values[KW_FILE_LIKE], false);
        self->has_stream = true;
    }
    self->max_size = MAX_BUFFER_SIZE;
    if (values[KW_MAX_BUFFER_SIZE] != MP_OBJ_NULL && values[KW_MAX_BUFFER_SIZE] != MP_OBJ_NEW_SMALL_INT(0)) {
        self->max_size = limit_arg(st, values[KW_MAX_BUFFER_SIZE]);
    }
    self->read_size = READ_SIZE;
    if (values[KW_READ_SIZE] != MP_OBJ_NULL && values[KW_READ_SIZE] != MP_OBJ_NEW_SMALL_INT(0)) {
        self->read_size = MIN(int_arg(st, values[KW_READ_SIZE], 0, MP_SMALL_INT_MAX), READ_SIZE_MAX);
    }
    self->read_size = MIN(self->read_size, self->max_size);
    return MP_OBJ_FROM_PTR(self);
}

static mp_obj_t unpacker_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    natmod_check_stack(natmod_of_type(type));
    return unpacker_new(type, n_args, n_kw, args);
}
NATMOD_SLOT(make_new, unpacker_make_new)

// Make space for len bytes after those buffered. These are moved only after a quarter as many have been
// taken or added since the last time, so that the time is linear overall.
static byte *reserve(unpacker_t * self, size_t len) {
    decoder_t *dec = &self->dec;
    size_t waiting = dec->end - dec->p;
    if (len > self->max_size - waiting) {
        natmod_raise(dec->st->BufferFull, "max_buffer_size exceeded");
    }
    if (self->buffer == NULL || (size_t)(self->buffer + self->size - dec->end) < len) {
        byte *buffer = self->buffer;
        if (waiting + len > self->size || (size_t)(dec->p - buffer) < waiting / 4) {
            // Also near the limit, the buffer must be larger than the bytes buffered.
            size_t more = MIN(waiting, MAX(self->max_size - waiting, self->max_size / 4));
            size_t size = MAX(waiting + MAX(len, more), FIRST_SIZE);
            buffer = m_malloc(size);
            self->size = size;
        }
        memmove(buffer, dec->p, waiting);
        decoder_move(dec, buffer, waiting);
        if (self->buffer != NULL && buffer != self->buffer) {
            m_free(self->buffer);
        }
        self->buffer = buffer;
    }
    return (byte *)dec->end;
}

// Whether more bytes came from the stream.
static bool read_more(unpacker_t *self) {
    if (!self->has_stream) {
        return false;
    }
    decoder_t *dec = &self->dec;
    size_t space = self->max_size - (dec->end - dec->p);
    byte *data = reserve(self, space == 0 ? 1 : MIN(space, self->read_size));
    mp_int_t n = natmod_stream_read(&self->stream, data, MIN(space, self->read_size));
    if (n <= 0) {
        return false;
    }
    dec->end += n;
    return true;
}

/******************************************************************************/
// Objects

// What a method does: all of it while it holds the lock.
typedef struct _unpacker_job_t {
    unpacker_t *self;
    uint8_t task;
    bool decoding; // An exception comes from the bytes or a hook.
    const byte *data; // To be fed, and how many bytes of it; or how many to read.
    size_t n;
    mp_obj_t result; // MP_OBJ_NULL if bytes are missing.
} unpacker_job_t;

enum {
    TASK_UNPACK,
    TASK_SKIP,
    TASK_READ_BYTES,
    TASK_FEED,
    TASK_RESET,
    TASK_READ_ARRAY_HEADER = KIND_ARRAY, // These two are the kind that is expected.
    TASK_READ_MAP_HEADER = KIND_MAP,
};

static void object_done(unpacker_t *self) {
    self->passed += decoder_taken(&self->dec);
    self->dec.base = self->dec.p;
    self->dec.gone = 0;
    self->active = self->skipping = self->by_user = false;
}

// Do what the bytes buffered allow; true when the job is done, but for bytes to be read.
static bool try_job(unpacker_job_t *job) {
    unpacker_t *self = job->self;
    decoder_t *dec = &self->dec;
    for (;;) {
        if (self->skipping) {
            if (!decoder_skip(dec)) {
                return false;
            }
            bool done = self->by_user && job->task == TASK_SKIP;
            object_done(self);
            if (done) {
                return true;
            }
        }
        if (self->active && job->task != TASK_UNPACK && job->task != TASK_SKIP) {
            job->decoding = false; // The object goes on.
            natmod_raise(dec->st->RuntimeError, "in the middle of an object");
        }
        if (job->task == TASK_READ_BYTES) {
            return true;
        }
        if (!self->active) {
            decoder_start(dec);
        }
        if (job->task == TASK_SKIP) {
            self->active = self->skipping = self->by_user = true;
            continue;
        }
        if (job->task == TASK_UNPACK) {
            self->active = true;
            if (!decoder_run(dec)) {
                return false;
            }
            job->result = dec->result;
            dec->result = MP_OBJ_NULL;
        } else {
            job->result = decoder_header(dec, job->task);
            if (job->result == MP_OBJ_NULL) {
                return false;
            }
        }
        object_done(self);
        return true;
    }
}

static void feed(unpacker_t *self, const byte *data, size_t len) {
    memcpy(reserve(self, len), data, len);
    self->dec.end += len;
}

// Up to n bytes between two objects.
static mp_obj_t read_bytes(unpacker_t *self, size_t n) {
    decoder_t *dec = &self->dec;
    while ((size_t)(dec->end - dec->p) < n && read_more(self)) {
    }
    n = MIN(n, (size_t)(dec->end - dec->p));
    mp_obj_t result = bytes_new(dec->st, dec->p, n);
    dec->p += n;
    object_done(self);
    return result;
}

static void reset(unpacker_t *self) {
    object_done(self);
    self->passed = 0;
    self->broken = NULL;
    self->buffer = NULL;
    self->size = 0;
    decoder_t *dec = &self->dec;
    dec->p = dec->end = NULL;
    dec->frames = NULL;
    dec->capacity = 0;
    memset(dec->keys, 0, sizeof(dec->keys));
    dec->keys_used = 0;
    decoder_start(dec);
}

static void unpacker_run(void *arg) {
    unpacker_job_t *job = arg;
    if (job->task == TASK_FEED) {
        feed(job->self, job->data, job->n);
    } else if (job->task == TASK_RESET) {
        reset(job->self);
    } else {
        for (;;) {
            job->decoding = true;
            bool done = try_job(job);
            job->decoding = false;
            if (done) {
                break;
            }
            if (!read_more(job->self)) {
                return;
            }
        }
        if (job->task == TASK_READ_BYTES) {
            job->result = read_bytes(job->self, job->n);
        }
    }
    if (job->result == MP_OBJ_NULL) {
        job->result = mp_const_none;
    }
}

// MP_OBJ_NULL if bytes are missing; then the next call goes on where this one stopped.
static mp_obj_t unpacker_try(mp_obj_t self_in, unsigned int task, const byte *data, size_t n) {
    unpacker_t *self = MP_OBJ_TO_PTR(self_in);
    decoder_t *dec = &self->dec;
    if (!natmod_try_lock(&self->lock)) {
        natmod_raise(dec->st->RuntimeError, "Unpacker in use");
    }
    if (self->broken != NULL && task != TASK_RESET) {
        natmod_unlock(&self->lock);
        if (self->broken == dec->st->FormatError) {
            decoder_raise_format(dec); // The decoder is still at that byte.
        }
        natmod_raise(self->broken, "error in earlier bytes");
    }
    unpacker_job_t job = { self, task, false, data, n, MP_OBJ_NULL };
    mp_obj_t exception = natmod_protect(unpacker_run, &job);
    if (exception != MP_OBJ_NULL && job.decoding) {
        if (dec->lost) {
            // Not the exception: without heap it is the firmware's one object for all of them.
            self->broken = mp_obj_get_type(exception);
        } else if (self->active) {
            self->skipping = true;
        }
        decoder_drop(dec);
    } else if (job.result == MP_OBJ_NULL && decoder_taken(dec) == 0) {
        // Nothing of the next object has come: it is not begun.
        object_done(self);
    }
    natmod_unlock(&self->lock);
    if (exception != MP_OBJ_NULL) {
        nlr_raise(exception);
    }
    return job.result;
}

static mp_obj_t unpacker_do(mp_obj_t self_in, unsigned int task, const byte *data, size_t n) {
    mp_obj_t result = unpacker_try(self_in, task, data, n);
    if (result == MP_OBJ_NULL) {
        unpacker_t *self = MP_OBJ_TO_PTR(self_in);
        natmod_raise(self->dec.st->OutOfData, "no more data to unpack");
    }
    return result;
}

/******************************************************************************/
// Methods

static mp_obj_t unpacker_iternext(mp_obj_t self_in) {
    natmod_check_stack(natmod_of_obj(self_in));
    mp_obj_t result = unpacker_try(self_in, TASK_UNPACK, NULL, 0);
    return result == MP_OBJ_NULL ? MP_OBJ_STOP_ITERATION : result;
}
NATMOD_SLOT(iternext, unpacker_iternext)

// A method that does a task and takes no argument.
#define UNPACKER_METHOD(name, task) \
    static mp_obj_t name(natmod_t * nm, size_t n_args, size_t n_kw, const mp_obj_t * args) { \
        return unpacker_do(args[0], task, NULL, 0); \
    }

UNPACKER_METHOD(unpacker_unpack, TASK_UNPACK)
UNPACKER_METHOD(unpacker_skip, TASK_SKIP)
UNPACKER_METHOD(unpacker_read_array_header, TASK_READ_ARRAY_HEADER)
UNPACKER_METHOD(unpacker_read_map_header, TASK_READ_MAP_HEADER)

static mp_obj_t unpacker_read_bytes(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    size_t n = int_arg((state_t *)nm, args[1], 0, MP_SMALL_INT_MAX);
    return unpacker_do(args[0], TASK_READ_BYTES, NULL, n);
}

static mp_obj_t unpacker_feed(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    unpacker_t *self = MP_OBJ_TO_PTR(args[0]);
    state_t *st = (state_t *)nm;
    if (self->has_stream) {
        natmod_raise(st->ValueError, "an Unpacker with a stream can't be fed");
    }
    mp_buffer_info_t buf;
    buffer_arg(st, args[1], &buf);
    return unpacker_do(args[0], TASK_FEED, buf.buf, buf.len);
}

UNPACKER_METHOD(unpacker_reset, TASK_RESET)

static mp_obj_t unpacker_tell(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    unpacker_t *self = MP_OBJ_TO_PTR(args[0]);
    uint64_t position = self->passed + decoder_taken(&self->dec);
    format_tag_t tag = { KIND_UINT, 0, position >> 32, position };
    return number_new((state_t *)nm, &tag);
}

NATMOD_INIT_TABLE static const natmod_entry_t unpacker_methods[] = {
    NATMOD_FUN(MP_QSTR_feed, unpacker_feed, 2, 2, false),
    NATMOD_FUN(MP_QSTR_unpack, unpacker_unpack, 1, 1, false),
    NATMOD_FUN(MP_QSTR_skip, unpacker_skip, 1, 1, false),
    NATMOD_FUN(MP_QSTR_read_array_header, unpacker_read_array_header, 1, 1, false),
    NATMOD_FUN(MP_QSTR_read_map_header, unpacker_read_map_header, 1, 1, false),
    NATMOD_FUN(MP_QSTR_read_bytes, unpacker_read_bytes, 2, 2, false),
    NATMOD_FUN(MP_QSTR_tell, unpacker_tell, 1, 1, false),
    NATMOD_FUN(MP_QSTR_reset, unpacker_reset, 1, 1, false),
};

NATMOD_INIT void unpacker_init(state_t *st) {
    natmod_t *nm = &st->nm;
    mp_obj_type_t *type = natmod_type_new(nm, MP_QSTR_Unpacker, MP_TYPE_FLAG_ITER_IS_ITERNEXT, 3);
    NATMOD_SET_SLOT(type, make_new, unpacker_make_new, 1);
    NATMOD_SET_SLOT(type, iter, unpacker_iternext, 2);
    natmod_add_class(nm, type, 3, unpacker_methods, MP_ARRAY_SIZE(unpacker_methods));
    st->unpacker_type = type;
}
