#include <string.h>

#include "py/mperrno.h"

#include "stream.h"

// A module's attribute, or MP_OBJ_NULL.
static mp_obj_t attribute_maybe(mp_obj_t module, qstr name) {
    mp_obj_t dest[2];
    mp_load_method_maybe(module, name, dest);
    return dest[0];
}

typedef struct _import_t {
    qstr name;
    mp_obj_t module;
} import_t;

static void import_name(void *arg) {
    import_t *import = arg;
    import->module = mp_import_name(import->name, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
}

// A module, or None if it cannot be imported.
static mp_obj_t import_maybe(qstr name) {
    import_t import = { name, MP_OBJ_NULL };
    return natmod_protect(import_name, &import) == MP_OBJ_NULL ? import.module : mp_const_none;
}

static mp_obj_t os_error_new(const natmod_streams_t *env, mp_obj_t errno_module, qstr name, int number) {
    // The numbers are the C library's on some ports; the module knows.
    mp_obj_t arg = attribute_maybe(errno_module, name);
    if (arg == MP_OBJ_NULL) {
        arg = MP_OBJ_NEW_SMALL_INT(number);
    }
    return mp_call_function_n_kw(MP_OBJ_FROM_PTR(env->OSError), 1, 0, &arg);
}

void natmod_streams_init(natmod_streams_t *env, natmod_t *nm) {
    env->nm = nm;
    mp_obj_t iobase = attribute_maybe(import_maybe(MP_QSTR_io), MP_QSTR_IOBase);
    if (iobase != MP_OBJ_NULL) {
        env->iobase = MP_OBJ_TO_PTR(iobase);
    }
    env->bytearray = natmod_builtin_type(MP_QSTR_bytearray);
    env->OSError = natmod_builtin_type(MP_QSTR_OSError);
    mp_obj_t time = import_maybe(MP_QSTR_time);
    env->sleep_ms = attribute_maybe(time, MP_QSTR_sleep_ms);
    env->ticks_ms = attribute_maybe(time, MP_QSTR_ticks_ms);
    env->ticks_diff = attribute_maybe(time, MP_QSTR_ticks_diff);
    mp_obj_t errno_module = import_maybe(MP_QSTR_errno);
    env->eagain = os_error_new(env, errno_module, MP_QSTR_EAGAIN, MP_EAGAIN);
    env->etimedout = os_error_new(env, errno_module, MP_QSTR_ETIMEDOUT, MP_ETIMEDOUT);
}

MP_NORETURN void natmod_raise_instance(mp_obj_t exception) {
    // Each raise would add to the traceback that the last one left.
    ((mp_obj_exception_t *)MP_OBJ_TO_PTR(exception))->traceback_data = NULL;
    nlr_raise(exception);
}

void natmod_stream_open(natmod_stream_t *stream, const natmod_streams_t *env, mp_obj_t obj,
    bool for_writing) {
    stream->env = env;
    stream->protocol = NULL;
    stream->into = !for_writing;
    // A type's protocol slot may hold another protocol than that of streams (a pin's or an SPI
    // bus's), so trust it only where the stream functions of the firmware are its methods.
    mp_obj_t native = MP_OBJ_FROM_PTR(for_writing ? &mp_stream_write_obj : &mp_stream_readinto_obj);
    mp_load_method_maybe(obj, for_writing ? MP_QSTR_write : MP_QSTR_readinto, stream->method);
    if (stream->method[0] == MP_OBJ_NULL && !for_writing) {
        native = MP_OBJ_FROM_PTR(&mp_stream_read_obj);
        stream->into = false;
        mp_load_method_maybe(obj, MP_QSTR_read, stream->method);
    }
    if (stream->method[0] == MP_OBJ_NULL) {
        natmod_raise(env->nm->TypeError, for_writing ? "stream has no write method"
            : "stream has no readinto or read method");
    }
    const mp_obj_type_t *type;
    if (stream->method[0] == native && stream->method[1] != MP_OBJ_NULL) {
        // Of a Python class derived from a native stream, this is the native object.
        type = mp_obj_get_type(stream->method[1]);
    } else {
        type = natmod_native_type(env->nm, mp_obj_get_type(obj));
        if (type == NULL || type != env->iobase) {
            return;
        }
        stream->method[1] = obj;
    }
    stream->protocol = MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, protocol);
}

// Raise unless a stream's method returned a number of bytes that it can have had.
static mp_int_t checked_count(const natmod_streams_t *env, mp_int_t n, size_t len) {
    if (n < 0 || (size_t)n > len) {
        mp_obj_t arg = MP_OBJ_NEW_SMALL_INT(MP_EIO);
        nlr_raise(mp_call_function_n_kw(MP_OBJ_FROM_PTR(env->OSError), 1, 0, &arg));
    }
    return n;
}

static mp_int_t protocol_result(const natmod_stream_t *stream, mp_uint_t n, int error, size_t len) {
    if (n != MP_STREAM_ERROR) {
        return checked_count(stream->env, n, len);
    }
    mp_obj_t arg = MP_OBJ_NEW_SMALL_INT(error);
    if (error == MP_EAGAIN) {
        return NATMOD_STREAM_BLOCKS;
    }
    nlr_raise(mp_call_function_n_kw(MP_OBJ_FROM_PTR(stream->env->OSError), 1, 0, &arg));
}

mp_int_t natmod_stream_read(natmod_stream_t *stream, void *data, size_t len) {
    const natmod_streams_t *env = stream->env;
    if (stream->protocol != NULL) {
        int error = 0;
        mp_uint_t n = stream->protocol->read(stream->method[1], data, len, &error);
        return protocol_result(stream, n, error, len);
    }
    // The object may keep what it gets, so that must be memory of its own.
    mp_obj_t args[3] = { stream->method[0], stream->method[1], MP_OBJ_NEW_SMALL_INT(len) };
    if (stream->into) {
        args[2] = mp_call_function_n_kw(MP_OBJ_FROM_PTR(env->bytearray), 1, 0, &args[2]);
    }
    mp_obj_t result = mp_call_method_n_kw(1, 0, args);
    if (natmod_is_none(result)) {
        return NATMOD_STREAM_BLOCKS;
    }
    mp_int_t n = 0;
    if (stream->into) {
        n = checked_count(env, mp_obj_get_int(result), len);
        result = args[2];
    } else if (mp_obj_get_type(result) == &mp_type_str) {
        natmod_raise(env->nm->TypeError, "read returned str, not bytes");
    }
    mp_buffer_info_t buf;
    mp_get_buffer_raise(result, &buf, MP_BUFFER_READ);
    if (!stream->into) {
        n = checked_count(env, buf.len, len);
    }
    // A method may even have resized the bytearray.
    checked_count(env, n, buf.len);
    memcpy(data, buf.buf, n);
    return n;
}

mp_int_t natmod_stream_write(natmod_stream_t *stream, const void *data, size_t len) {
    mp_int_t n;
    if (stream->protocol != NULL) {
        int error = 0;
        n = stream->protocol->write(stream->method[1], data, len, &error);
        n = protocol_result(stream, n, error, len);
    } else {
        mp_obj_t args[3] = { stream->method[0], stream->method[1], mp_obj_new_bytes(data, len) };
        mp_obj_t result = mp_call_method_n_kw(1, 0, args);
        // A write method of a user's own often returns nothing: then it took everything.
        n = natmod_is_none(result) ? (mp_int_t)len : checked_count(stream->env, mp_obj_get_int(result), len);
    }
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
    } else if (limit > 0 && mp_obj_get_int(mp_call_function_n_kw(env->ticks_diff, 2, 0, args)) >= (mp_uint_t)limit) {
        return false;
    }
    args[0] = MP_OBJ_NEW_SMALL_INT(1);
    mp_call_function_n_kw(env->sleep_ms, 1, 0, args);
    return true;
}
