// SPDX-License-Identifier: MIT
// Streams: native ones by their protocol, others by their methods.

#include <string.h>

#include "py/mperrno.h"

#include "small.h"

enum {
    TIMEOUT = 1000, // Milliseconds to wait for each byte but the first of an object to be read.
};

static const name_t names[] = {
    [MODE_READ] = NAME(MP_QSTR_read), [MODE_READINTO] = NAME(MP_QSTR_readinto),
    [MODE_WRITE] = NAME(MP_QSTR_write),
};

void stream_open(work_t *w, mp_obj_t stream, unsigned int mode) {
    mp_load_method_maybe(stream, name_qstr(names[mode]), w->method);
    if (w->method[0] == MP_OBJ_NULL) {
        if (mode != MODE_READINTO) {
            raise(w->st, NAME(MP_QSTR_TypeError), names[mode]);
        }
        stream_open(w, stream, MODE_READ);
        return;
    }
    w->mode = mode;
    w->is_iobase = MP_OBJ_TYPE_HAS_SLOT(mp_obj_get_type(stream), protocol);
    // A type's protocol slot may hold another protocol, so trust it only where the stream functions of the
    // firmware are its methods. Of a Python class derived from a native stream, method[1] is the native
    // object.
    if (w->method[0] == MP_OBJ_FROM_PTR(stream_fun(mode)) && w->method[1] != MP_OBJ_NULL) {
        // Some firmware lets such a method be called with an object of any class.
        const mp_stream_p_t *protocol = MP_OBJ_TYPE_GET_SLOT_OR_NULL(mp_obj_get_type(w->method[1]), protocol);
        if (protocol != NULL) {
            w->ioctl = protocol->ioctl;
            w->native = mode == MODE_WRITE ? (natmod_io_t)protocol->write : protocol->read;
        }
    }
}

size_t transfer(work_t *w, byte *data, size_t len) {
    for (size_t tries = 0;; tries++) {
        int error = MP_EAGAIN;
        mp_uint_t n = MP_STREAM_ERROR;
        if (w->native != NULL) {
            n = w->native(w->method[1], data, len, &error);
        } else {
            // The method may keep the object, or resize it.
            len = MIN(len, PIECE);
            w->method[2] = w->mode == MODE_READ ? MP_OBJ_NEW_SMALL_INT(len)
                : w->mode == MODE_WRITE ? mp_obj_new_bytes(data, len) : mp_obj_new_bytearray_by_ref(len, m_malloc(len));
            mp_obj_t result = mp_call_method_n_kw(1, 0, w->method);
            if (result != mp_const_none) {
                // The conversion to int may run Python code, so it comes first.
                mp_buffer_info_t buf;
                if (w->mode != MODE_READ) {
                    n = mp_obj_get_int(result);
                    result = w->method[2];
                }
                get_bytes(result, &buf);
                if (w->mode == MODE_READ) {
                    n = buf.len;
                }
                if ((mp_int_t)n < 0) {
                    error = -n; // As a class derived from io.IOBase says it.
                    n = MP_STREAM_ERROR;
                } else if (n > buf.len || n > len) {
                    n = len + 1;
                } else if (w->mode != MODE_WRITE) {
                    memcpy(data, buf.buf, n);
                }
            } else if (w->mode == MODE_WRITE && !w->is_iobase) {
                n = len; // A write method of a user's own that returns nothing took everything.
            }
        }
        if (n - 1 < len) {
            return n;
        }
        bool waits = w->used > 0 || w->mode == MODE_WRITE;
        if (n == 0) {
            error = MP_EAGAIN;
            // Some streams (micropython.RingIO) have no other way to say that they are empty now.
            if (w->mode != MODE_WRITE
                && (w->ioctl == NULL || w->ioctl(w->method[1], MP_STREAM_POLL, MP_STREAM_POLL_RD, &error) != 0)) {
                raise(w->st, waits ? NAME(MP_QSTR_OutOfData) : NAME(MP_QSTR_EOFError), NAME(MP_QSTR_read));
            }
        } else if (n != MP_STREAM_ERROR) {
            error = MP_EIO;
        }
        if (error != MP_EAGAIN || !waits || tries == TIMEOUT || w->st->sleep_ms == MP_OBJ_NULL) {
            mp_obj_t arg = error == MP_EAGAIN && waits ? w->st->etimedout : MP_OBJ_NEW_SMALL_INT(error);
            raise_args(w->st, NAME(MP_QSTR_OSError), 1, &arg);
        }
        mp_obj_t ms = MP_OBJ_NEW_SMALL_INT(1);
        mp_call_function_n_kw(w->st->sleep_ms, 1, 0, &ms);
    }
}
