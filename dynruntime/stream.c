// SPDX-License-Identifier: MIT
#include <string.h>

#include "py/mperrno.h"

#include "seek.h"
#include "stream.h"

// An error number, which on some ports is the C library's: the errno module knows.
NATMOD_INIT static mp_obj_t error_number(qstr name, int number) {
    mp_obj_t obj = natmod_import_maybe(MP_QSTR_errno, name);
    return obj == MP_OBJ_NULL ? MP_OBJ_NEW_SMALL_INT(number) : obj;
}

// Look at a BytesIO. A program may have replaced io, or extended it by an io.py.
NATMOD_INIT static void find_seek(natmod_streams_t *env) {
    env->seek = MP_OBJ_FROM_PTR(env->OSError);
    mp_obj_t bytesio = natmod_import_maybe(MP_QSTR_io, MP_QSTR_BytesIO);
    if (bytesio == MP_OBJ_NULL || mp_obj_get_type(bytesio) != &mp_type_type) {
        return;
    }
    const mp_obj_type_t *type = MP_OBJ_TO_PTR(bytesio);
    const mp_stream_p_t *protocol = MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, protocol);
    if (type->name != MP_QSTR_BytesIO || type->flags & MP_TYPE_FLAG_INSTANCE_TYPE || protocol == NULL) {
        return;
    }
    bytesio = mp_call_function_n_kw(bytesio, 0, 0, NULL);
    env->wide_offset = natmod_has_wide_offset(protocol, bytesio);
    mp_obj_t method[2];
    mp_load_method_maybe(bytesio, MP_QSTR_seek, method);
    if (method[0] != MP_OBJ_NULL && (NATMOD_WIDE_OFFSETS || !env->wide_offset)) {
        env->seek = method[0];
    }
}

NATMOD_INIT void natmod_streams_init(natmod_streams_t *env, natmod_t *nm) {
    env->nm = nm;
    mp_obj_t iobase = natmod_import_maybe(MP_QSTR_io, MP_QSTR_IOBase);
    if (iobase != MP_OBJ_NULL) {
        env->iobase = MP_OBJ_TO_PTR(iobase);
    }
    env->bytearray = natmod_builtin_type(MP_QSTR_bytearray);
    env->OSError = natmod_builtin_type(MP_QSTR_OSError);
    env->AttributeError = natmod_builtin_type(MP_QSTR_AttributeError);
    env->sleep_ms = natmod_import_maybe(MP_QSTR_time, MP_QSTR_sleep_ms);
    env->ticks_ms = natmod_import_maybe(MP_QSTR_time, MP_QSTR_ticks_ms);
    env->ticks_diff = natmod_import_maybe(MP_QSTR_time, MP_QSTR_ticks_diff);
    mp_obj_t os_error = MP_OBJ_FROM_PTR(env->OSError);
    env->eagain_number = error_number(MP_QSTR_EAGAIN, MP_EAGAIN);
    env->eagain = mp_call_function_n_kw(os_error, 1, 0, &env->eagain_number);
    find_seek(env);
    mp_obj_t number = error_number(MP_QSTR_ETIMEDOUT, MP_ETIMEDOUT);
    env->etimedout = mp_call_function_n_kw(os_error, 1, 0, &number);
}

MP_NORETURN void natmod_raise_instance(mp_obj_t exception) {
    // Each raise would add to the traceback that the last one left.
    ((mp_obj_exception_t *)MP_OBJ_TO_PTR(exception))->traceback_data = NULL;
    nlr_raise(exception);
}

typedef struct _load_t {
    mp_obj_t obj;
    qstr name;
    mp_obj_t *method;
} load_t;

static void load_method(void *arg) {
    load_t *load = arg;
    mp_load_method_maybe(load->obj, load->name, load->method);
}

// A method, or MP_OBJ_NULL, also when a __getattr__ says so.
static void load_method_maybe(natmod_stream_t *stream, mp_obj_t obj, qstr name) {
    if (!MP_OBJ_TYPE_HAS_SLOT(mp_obj_get_type(obj), attr)) {
        // No __getattr__ of a class can run for it.
        mp_load_method_maybe(obj, name, stream->method);
        return;
    }
    load_t load = { obj, name, stream->method };
    mp_obj_t exception = natmod_protect(load_method, &load);
    if (exception != MP_OBJ_NULL) {
        if (mp_obj_get_type(exception) != stream->env->AttributeError) {
            nlr_raise(exception);
        }
        stream->method[0] = MP_OBJ_NULL;
    }
}

void natmod_stream_open(natmod_stream_t *stream, const natmod_streams_t *env, mp_obj_t obj,
    bool for_writing) {
    stream->env = env;
    stream->protocol = NULL;
    stream->running = false;
    stream->into = !for_writing;
    // A type's protocol slot may hold another protocol than that of streams (a pin's or an SPI
    // bus's), so trust it only where the stream functions of the firmware are its methods.
    mp_obj_t native = MP_OBJ_FROM_PTR(for_writing ? &mp_stream_write_obj : &mp_stream_readinto_obj);
    load_method_maybe(stream, obj, for_writing ? MP_QSTR_write : MP_QSTR_readinto);
    if (stream->method[0] == MP_OBJ_NULL && !for_writing) {
        native = MP_OBJ_FROM_PTR(&mp_stream_read_obj);
        stream->into = false;
        load_method_maybe(stream, obj, MP_QSTR_read);
    }
    if (stream->method[0] == MP_OBJ_NULL) {
        natmod_raise(env->nm->TypeError, for_writing ? "stream has no write method"
            : "stream has no readinto or read method");
    }
    stream->is_python = true;
    const mp_obj_type_t *type;
    if (stream->method[0] == native && stream->method[1] != MP_OBJ_NULL) {
        // Of a Python class derived from a native stream, this is the native object.
        type = mp_obj_get_type(stream->method[1]);
        stream->is_python = false;
    } else {
        type = natmod_native_type(env->nm, mp_obj_get_type(obj));
        if (type == NULL || type != env->iobase || !(for_writing || stream->into)) {
            // Also an io.IOBase class with read only: its protocol knows no other method than
            // readinto.
            return;
        }
        stream->method[1] = obj;
    }
    stream->protocol = MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, protocol);
}

static mp_int_t stream_error(natmod_stream_t *stream, int error) {
    if (error != MP_EAGAIN) {
        natmod_raise_errno(stream->env->OSError, error);
    }
    return NATMOD_STREAM_BLOCKS;
}

// One attempt to read or write.
typedef struct _attempt_t {
    natmod_stream_t *stream;
    void *data;
    size_t len;
    bool writing;
    mp_int_t n; // The result.
} attempt_t;

enum {
    PIECE = 256, // The most bytes that a method of a non-native stream gets at once.
};

static mp_int_t call_protocol(attempt_t *attempt) {
    const mp_stream_p_t *protocol = attempt->stream->protocol;
    mp_obj_t obj = attempt->stream->method[1];
    int error = 0;
    attempt->stream->running = true;
    mp_uint_t n = attempt->writing ? protocol->write(obj, attempt->data, attempt->len, &error)
        : protocol->read(obj, attempt->data, attempt->len, &error);
    if (n == MP_STREAM_ERROR) {
        return stream_error(attempt->stream, error);
    }
    if (n == 0 && !attempt->writing && !attempt->stream->is_python && protocol->ioctl != NULL
        && protocol->ioctl(obj, MP_STREAM_POLL, MP_STREAM_POLL_RD, &error) == 0) {
        // Some streams (micropython.RingIO) have no other way to say that they are empty now.
        return NATMOD_STREAM_BLOCKS;
    }
    return n;
}

static mp_int_t call_method(attempt_t *attempt) {
    natmod_stream_t *stream = attempt->stream;
    const natmod_streams_t *env = stream->env;
    // The object may keep what it gets, so that must be memory of its own.
    attempt->len = MIN(attempt->len, PIECE);
    mp_obj_t args[3] = { stream->method[0], stream->method[1], MP_OBJ_NEW_SMALL_INT(attempt->len) };
    if (attempt->writing) {
        args[2] = mp_obj_new_bytes(attempt->data, attempt->len);
    } else if (stream->into) {
        args[2] = mp_call_function_n_kw(MP_OBJ_FROM_PTR(env->bytearray), 1, 0, &args[2]);
    }
    stream->running = true;
    mp_obj_t result = mp_call_method_n_kw(1, 0, args);
    if (natmod_is_none(result)) {
        // A write method of a user's own often returns nothing: then it took everything.
        return attempt->writing ? (mp_int_t)attempt->len : NATMOD_STREAM_BLOCKS;
    }
    mp_int_t n = -2; // No number of bytes.
    if (attempt->writing || stream->into) {
        if (!mp_obj_is_small_int(result)) {
            natmod_raise(env->nm->TypeError, "stream returned no number of bytes");
        }
        if (MP_OBJ_SMALL_INT_VALUE(result) >= 0) {
            n = MP_OBJ_SMALL_INT_VALUE(result);
        }
        result = args[2];
    }
    if (!attempt->writing) {
        mp_buffer_info_t buf;
        if (mp_obj_get_type(result) == &mp_type_str) {
            natmod_raise(env->nm->TypeError, "read returned str, not bytes");
        }
        mp_get_buffer_raise(result, &buf, MP_BUFFER_READ);
        if (!stream->into) {
            n = buf.len;
        }
        // The method may have resized the bytearray.
        if (n >= 0 && (size_t)n <= MIN(buf.len, attempt->len)) {
            memcpy(attempt->data, buf.buf, n);
        } else {
            n = -2;
        }
    }
    return n;
}

static void run_attempt(void *arg) {
    attempt_t *attempt = arg;
    attempt->n = attempt->stream->protocol != NULL ? call_protocol(attempt) : call_method(attempt);
}

static mp_int_t try_once(attempt_t *attempt) {
    natmod_stream_t *stream = attempt->stream;
    if (!stream->is_python) {
        run_attempt(attempt);
    } else {
        // A method may also say that it would block by raising OSError(EAGAIN).
        mp_obj_t exception = natmod_protect(run_attempt, attempt);
        if (exception != MP_OBJ_NULL) {
            if (mp_obj_get_type(exception) == stream->env->OSError) {
                mp_obj_t number[2];
                mp_load_method_maybe(exception, MP_QSTR_errno, number);
                if (number[0] == stream->env->eagain_number) {
                    stream->running = false;
                    return NATMOD_STREAM_BLOCKS;
                }
            }
            nlr_raise(exception);
        }
    }
    if (attempt->n < NATMOD_STREAM_BLOCKS || attempt->n > (mp_int_t)attempt->len) {
        natmod_raise_errno(stream->env->OSError, MP_EIO);
    }
    stream->running = false;
    return attempt->n;
}

mp_int_t natmod_stream_read(natmod_stream_t *stream, void *data, size_t len) {
    attempt_t attempt = { stream, data, len, false, 0 };
    return try_once(&attempt);
}

bool natmod_stream_has_seek(const natmod_stream_t *stream) {
    if (stream->is_python) {
        return false;
    }
    // Streams without that method may take the request for another one, or pass it on to the stream
    // whose bytes they convert.
    mp_obj_t method[2];
    mp_load_method_maybe(stream->method[1], MP_QSTR_seek, method);
    return method[0] == stream->env->seek;
}

mp_int_t natmod_stream_move(natmod_stream_t *stream, mp_int_t offset) {
    natmod_seek_t seek;
    if (NATMOD_WIDE_OFFSETS && stream->env->wide_offset) {
        seek.wide.offset = offset;
        seek.wide.whence = MP_SEEK_CUR;
    } else {
        seek.narrow.offset = offset;
        seek.narrow.whence = MP_SEEK_CUR;
    }
    int error = MP_EIO;
    mp_uint_t result = stream->protocol->ioctl(stream->method[1], MP_STREAM_SEEK, (uintptr_t)&seek, &error);
    return result == MP_STREAM_ERROR ? -error : seek.narrow.offset & NATMOD_STREAM_POSITION;
}

mp_int_t natmod_stream_write(natmod_stream_t *stream, const void *data, size_t len) {
    if (!stream->is_python) {
        int error = 0;
        mp_uint_t n = stream->protocol->write(stream->method[1], data, len, &error);
        if (n - 1 < len) {
            return n;
        }
        return stream_error(stream, n == 0 ? MP_EAGAIN : n == MP_STREAM_ERROR ? error : MP_EIO);
    }
    attempt_t attempt = { stream, (void *)data, len, true, 0 };
    mp_int_t n = try_once(&attempt);
    return n == 0 ? NATMOD_STREAM_BLOCKS : n;
}

bool natmod_stream_wait(const natmod_streams_t *env, natmod_wait_t *wait, mp_int_t limit) {
    if (limit == 0 || env->sleep_ms == MP_OBJ_NULL || env->ticks_ms == MP_OBJ_NULL
        || env->ticks_diff == MP_OBJ_NULL) {
        return false;
    }
    mp_obj_t args[2] = { mp_call_function_n_kw(env->ticks_ms, 0, 0, NULL), wait->start };
    if (!wait->started) {
        wait->started = true;
        wait->start = args[0];
    } else if (limit > 0 && (mp_int_t)mp_obj_get_int(mp_call_function_n_kw(env->ticks_diff, 2, 0, args)) >= limit) {
        return false;
    }
    args[0] = MP_OBJ_NEW_SMALL_INT(1);
    mp_call_function_n_kw(env->sleep_ms, 1, 0, args);
    return true;
}
