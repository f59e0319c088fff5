// SPDX-License-Identifier: MIT
// ioctl(stream, request, arg=0): the control operation of MicroPython's stream protocol.
//
// A stream's ioctl takes a word that some requests use as an address. So only requests whose
// argument is known get through, and the one that takes an address gets that of a struct made here.

#include "py/mperrno.h"

#include "seek.h"

typedef struct _state_t {
    natmod_t nm;
    const mp_obj_type_t *OSError;
    const mp_obj_type_t *ValueError;
    const mp_obj_type_t *iobase; // io.IOBase, or NULL on a firmware without it.
    mp_uint_t (*stringio_ioctl)(mp_obj_t obj, mp_uint_t request, uintptr_t arg, int *errcode);
    bool wide_offset; // The firmware's mp_off_t has 64 bits.
} state_t;

enum {
    // What the argument of MP_STREAM_TIMEOUT is, no stream tells: none has this request.
    REQUESTS = 1 << MP_STREAM_FLUSH | 1 << MP_STREAM_SEEK | 1 << MP_STREAM_POLL | 1 << MP_STREAM_CLOSE
        | 1 << MP_STREAM_GET_OPTS | 1 << MP_STREAM_SET_OPTS | 1 << MP_STREAM_GET_DATA_OPTS
        | 1 << MP_STREAM_SET_DATA_OPTS | 1 << MP_STREAM_GET_FILENO | 1 << MP_STREAM_GET_BUFFER_SIZE,
    LAST_REQUEST = MP_STREAM_GET_BUFFER_SIZE,
};

static mp_int_t int_arg(const state_t *st, mp_obj_t obj) {
    mp_int_t value = mp_obj_get_int_truncated(obj);
    if (!mp_obj_is_small_int(obj)
        && mp_binary_op(MP_BINARY_OP_EQUAL, mp_obj_new_int(value), obj) != mp_const_true) {
        natmod_raise(st->ValueError, "integer argument out of range");
    }
    return value;
}

// Fill the struct from (offset, whence).
static void seek_arg(const state_t *st, mp_obj_t obj, natmod_seek_t *seek) {
    const mp_obj_tuple_t *tuple = MP_OBJ_TO_PTR(obj);
    if (mp_obj_get_type(obj) != &mp_type_tuple || tuple->len != 2) {
        natmod_raise(st->nm.TypeError, "SEEK takes (offset, whence)");
    }
    mp_int_t offset = int_arg(st, tuple->items[0]);
    mp_int_t whence = int_arg(st, tuple->items[1]);
    // Streams do not check these: for MP_SEEK_SET the offset is unsigned.
    if ((mp_uint_t)whence > MP_SEEK_END || (whence == MP_SEEK_SET && offset < 0)) {
        natmod_raise_errno(st->OSError, MP_EINVAL);
    }
    if (st->wide_offset) {
        seek->wide.offset = offset;
        seek->wide.whence = whence;
    } else {
        seek->narrow.offset = offset;
        seek->narrow.whence = whence;
    }
}

// Get the object's protocol, and replace a Python object by the native one in it. NULL if it has none
// with ioctl.
static const mp_stream_p_t *get_protocol(state_t *st, mp_obj_t *obj) {
    const mp_obj_type_t *type = natmod_native_type(&st->nm, mp_obj_get_type(*obj));
    const mp_stream_p_t *protocol = type == NULL ? NULL : MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, protocol);
    if (protocol != NULL && type != st->iobase) {
        // The slot may hold another protocol than that of streams (a pin's or an SPI bus's), so
        // trust it only where the firmware's own readinto is a method.
        mp_obj_t method[2] = { MP_OBJ_NULL, MP_OBJ_NULL };
        *obj = natmod_native_base(&st->nm, *obj, type);
        if (*obj != MP_OBJ_NULL) {
            mp_load_method_maybe(*obj, MP_QSTR_readinto, method);
        }
        if (method[0] != MP_OBJ_FROM_PTR(&mp_stream_readinto_obj) || method[1] != *obj) {
            protocol = NULL;
        }
    }
    return protocol == NULL || protocol->ioctl == NULL ? NULL : protocol;
}

static mp_obj_t fun_ioctl(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = (state_t *)nm;
    mp_obj_t obj = args[0];
    const mp_stream_p_t *protocol = get_protocol(st, &obj);
    if (protocol == NULL) {
        natmod_raise(st->nm.TypeError, "stream with ioctl required");
    }
    mp_int_t request = int_arg(st, args[1]);
    if ((mp_uint_t)request > LAST_REQUEST || !(REQUESTS >> request & 1)) {
        natmod_raise(st->ValueError, "unknown request");
    }
    mp_obj_t arg_obj = n_args > 2 ? args[2] : MP_OBJ_NEW_SMALL_INT(0);
    natmod_seek_t seek;
    uintptr_t arg;
    int error = 0;
    if (request == MP_STREAM_SEEK) {
        seek_arg(st, arg_obj, &seek);
        arg = (uintptr_t)&seek;
        if (protocol->ioctl == st->stringio_ioctl) {
            // A closed StringIO or BytesIO refuses to read, but its ioctl crashes.
            protocol->read(obj, &seek, 0, &error);
        }
    } else {
        arg = int_arg(st, arg_obj);
    }
    mp_uint_t result = protocol->ioctl(obj, request, arg, &error);
    if (result == MP_STREAM_ERROR) {
        // Some streams do not say which error it is.
        natmod_raise_errno(st->OSError, error > 0 ? error : MP_EIO);
    }
    if (request != MP_STREAM_SEEK) {
        return mp_obj_new_int(result);
    }
    if (!st->wide_offset) {
        return mp_obj_new_int_from_uint((uint32_t)seek.narrow.offset);
    }
    mp_uint_t position = seek.wide.offset;
    return position == (uint64_t)seek.wide.offset ? mp_obj_new_int_from_uint(position)
        : mp_binary_get_val_array('Q', &seek, 0);
}

size_t natmod_state_size(void) {
    return sizeof(state_t);
}

// The names of the requests, by their numbers.
NATMOD_INIT_DATA static const natmod_name_t names[LAST_REQUEST + 1] = {
    [MP_STREAM_FLUSH] = NATMOD_NAME(MP_QSTR_FLUSH),
    [MP_STREAM_SEEK] = NATMOD_NAME(MP_QSTR_SEEK),
    [MP_STREAM_POLL] = NATMOD_NAME(MP_QSTR_POLL),
    [MP_STREAM_CLOSE] = NATMOD_NAME(MP_QSTR_CLOSE),
    [MP_STREAM_GET_OPTS] = NATMOD_NAME(MP_QSTR_GET_OPTS),
    [MP_STREAM_SET_OPTS] = NATMOD_NAME(MP_QSTR_SET_OPTS),
    [MP_STREAM_GET_DATA_OPTS] = NATMOD_NAME(MP_QSTR_GET_DATA_OPTS),
    [MP_STREAM_SET_DATA_OPTS] = NATMOD_NAME(MP_QSTR_SET_DATA_OPTS),
    [MP_STREAM_GET_FILENO] = NATMOD_NAME(MP_QSTR_GET_FILENO),
    [MP_STREAM_GET_BUFFER_SIZE] = NATMOD_NAME(MP_QSTR_GET_BUFFER_SIZE),
};

NATMOD_INIT_DATA static const char no_stringio[] = "needs the firmware's io.StringIO";

void natmod_init(natmod_t *nm) {
    state_t *st = (state_t *)nm;
    st->OSError = natmod_builtin_type(MP_QSTR_OSError);
    st->ValueError = natmod_builtin_type(MP_QSTR_ValueError);
    mp_obj_t io = mp_import_name(MP_QSTR_io, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
    mp_obj_t found[2];
    mp_load_method_maybe(io, MP_QSTR_IOBase, found);
    st->iobase = MP_OBJ_TO_PTR(found[0]);
    mp_obj_t stringio = mp_call_function_n_kw(mp_load_attr(io, MP_QSTR_StringIO), 0, 0, NULL);
    const mp_stream_p_t *protocol = get_protocol(st, &stringio);
    const mp_obj_type_t *type = mp_obj_get_type(stringio);
    // A program may have replaced io, or extended it by an io.py.
    if (protocol == NULL || type->name != MP_QSTR_StringIO || type->flags & MP_TYPE_FLAG_INSTANCE_TYPE) {
        natmod_raise(natmod_builtin_type(MP_QSTR_ImportError), no_stringio);
    }
    st->stringio_ioctl = protocol->ioctl;
    st->wide_offset = natmod_has_wide_offset(protocol, stringio);
    mp_store_global(MP_QSTR_ioctl, natmod_fun_new(nm, fun_ioctl, 2, 3, false));
    for (size_t i = 0; i <= LAST_REQUEST; i++) {
        if (REQUESTS >> i & 1) {
            mp_store_global(natmod_name_to_qstr(names[i]), MP_OBJ_NEW_SMALL_INT(i));
        }
    }
}
