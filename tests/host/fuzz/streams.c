// SPDX-License-Identifier: MIT
// Streams of all kinds. The input says what each call of a stream does.

#include <string.h>

#include "py/builtin.h"
#include "py/gc.h"
#include "py/mperrno.h"
#include "py/mphal.h"

#include "fuzz.h"

stream_t stream;

// What one call does is the low half of a byte; the high half is its argument n.
enum {
    DO_SOME = 0, // 0 to 5: move at most n + 1 bytes.
    DO_ALL = 6, // 6 to 9: move as many bytes as there are.
    DO_NOTHING = 10, // Move 0 bytes.
    DO_BLOCK,
    DO_EIO,
    DO_RAISE,
    DO_MORE, // Return a larger count than was asked for.
    DO_ODD, // Return something that is not a valid count.
};

typedef struct _step_t {
    unsigned int op;
    unsigned int n;
    size_t size; // Number of bytes to move.
} step_t;

static step_t step(size_t asked, bool writing) {
    check_stack();
    if (writing && run.mutating) {
        mutate_container(stream.n_written + run.script.ops[3]);
    }
    uint8_t b = left(&stream.outcomes) > 0 ? take(&stream.outcomes) : DO_ALL;
    step_t s = { b & 15, b >> 4, 0 };
    size_t there = writing ? sizeof(stream.written) - stream.n_written : stream.end - stream.pos;
    if (s.op < DO_NOTHING) {
        s.size = MIN(asked, there);
        if (s.op < DO_ALL) {
            s.size = MIN(s.size, s.n + 1);
        }
        s.op = s.op < DO_ALL ? DO_SOME : DO_ALL;
        if (s.size == 0) {
            s.op = DO_NOTHING;
        }
    } else if (s.op == DO_MORE) {
        s.size = MIN(asked, there);
    }
    return s;
}

static void expect(result_t result) {
    stream.fatal |= 1u << result;
}

static void move(void *buf, size_t n, bool writing) {
    if (writing) {
        memcpy(stream.written + stream.n_written, buf, n);
        stream.n_written += n;
    } else {
        memcpy(buf, stream.data + stream.pos, n);
        stream.pos += n;
    }
}

/******************************************************************************/
// A native stream

static mp_uint_t native_io(void *buf, mp_uint_t size, int *error, bool writing) {
    step_t s = step(size, writing);
    switch (s.op) {
        case DO_NOTHING:
            if (writing) {
                stream.blocked = true;
            }
            // When reading, poll decides whether this is the end.
            return 0;
        case DO_BLOCK:
            stream.blocked = true;
            *error = MP_EAGAIN;
            return MP_STREAM_ERROR;
        case DO_EIO:
            expect(R_EIO);
            *error = MP_EIO;
            return MP_STREAM_ERROR;
        case DO_RAISE:
            expect(R_STREAM);
            mp_raise_type(&stream_error_type);
        case DO_MORE:
            // The count is too large, but nothing is written after the end of the buffer.
            expect(R_EIO);
            return size + 1 + s.n;
        case DO_ODD:
            expect(R_EIO);
            return MP_STREAM_ERROR - 1 - s.n;
        default:
            move(buf, s.size, writing);
            return s.size;
    }
}

static mp_uint_t native_read(mp_obj_t self, void *buf, mp_uint_t size, int *error) {
    return native_io(buf, size, error, false);
}

static mp_uint_t native_write(mp_obj_t self, const void *buf, mp_uint_t size, int *error) {
    return native_io((void *)buf, size, error, true);
}

static mp_uint_t native_seek(struct mp_stream_seek_t *s, int *error) {
    check_stack();
    if (s->whence != MP_SEEK_CUR || s->offset > 0 || -(size_t)s->offset > stream.pos) {
        wrong("seek to %ld, whence %d", (long)s->offset, s->whence);
    }
    bool first = stream.n_seeks++ < 2;
    if (stream.seek == SEEK_NO_METHOD) {
        wrong("seek of a stream without seek");
    } else if (stream.seek == SEEK_REFUSED) {
        *error = MP_ESPIPE;
        return MP_STREAM_ERROR;
    } else if (stream.seek == SEEK_FAILS && !first) {
        expect(R_EIO);
        *error = MP_EIO;
        return MP_STREAM_ERROR;
    } else if (stream.seek == SEEK_RAISES && !first) {
        expect(R_STREAM);
        mp_raise_type(&stream_error_type);
    } else if (stream.seek == SEEK_NO_POSITION) {
        s->offset = 0;
        run.tainted |= sizeof(void *) == 4; // Boards have no such streams, and the module does not notice.
    } else if (stream.seek == SEEK_LIES && !first) {
        run.tainted = true;
        s->offset += stream.pos;
    } else {
        s->offset = stream.pos += s->offset;
    }
    return 0;
}

static mp_uint_t native_ioctl(mp_obj_t self, mp_uint_t request, uintptr_t arg, int *error) {
    if (request == MP_STREAM_SEEK) {
        return native_seek((struct mp_stream_seek_t *)arg, error);
    }
    if (request == MP_STREAM_POLL) {
        // A readable stream that gives no bytes is at its end.
        bool readable = stream.pos == stream.end || stream.pos & 1;
        if (readable) {
            stream.eof = true;
        } else {
            stream.blocked = true;
        }
        return readable ? arg & MP_STREAM_POLL_RD : 0;
    }
    *error = MP_EINVAL;
    return MP_STREAM_ERROR;
}

static const mp_stream_p_t native_protocol = {
    .read = native_read,
    .write = native_write,
    .ioctl = native_ioctl,
};

static const mp_rom_map_elem_t native_table[] = {
    { MP_ROM_QSTR(MP_QSTR_read), MP_ROM_PTR(&mp_stream_read_obj) },
    { MP_ROM_QSTR(MP_QSTR_readinto), MP_ROM_PTR(&mp_stream_readinto_obj) },
    { MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&mp_stream_write_obj) },
};
static MP_DEFINE_CONST_DICT(native_dict, native_table);

static MP_DEFINE_CONST_OBJ_TYPE(native_type, MP_QSTR_NativeStream, MP_TYPE_FLAG_NONE,
    protocol, &native_protocol, locals_dict, &native_dict);

static const mp_obj_base_t native_stream = { &native_type };

static const mp_rom_map_elem_t seekable_table[] = {
    { MP_ROM_QSTR(MP_QSTR_read), MP_ROM_PTR(&mp_stream_read_obj) },
    { MP_ROM_QSTR(MP_QSTR_readinto), MP_ROM_PTR(&mp_stream_readinto_obj) },
    { MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&mp_stream_write_obj) },
    { MP_ROM_QSTR(MP_QSTR_seek), MP_ROM_PTR(&mp_stream_seek_obj) },
};
static MP_DEFINE_CONST_DICT(seekable_dict, seekable_table);

static MP_DEFINE_CONST_OBJ_TYPE(seekable_type, MP_QSTR_SeekableStream, MP_TYPE_FLAG_NONE,
    protocol, &native_protocol, locals_dict, &seekable_dict);

static const mp_obj_base_t seekable_stream = { &seekable_type };

/******************************************************************************/
// Classes with methods

static mp_obj_t os_error(int number) {
    mp_obj_t arg = MP_OBJ_NEW_SMALL_INT(number);
    return mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_OSError), 1, 0, &arg);
}

// The part common to readinto, read and write: the result, or null if the caller must move bytes.
static mp_obj_t method_step(step_t *s, bool writing, bool counts) {
    bool base = stream.kind == STREAM_IOBASE;
    switch (s->op) {
        case DO_NOTHING:
            if (writing) {
                stream.blocked = true;
            } else {
                stream.eof = true;
            }
            return counts ? MP_OBJ_NEW_SMALL_INT(0) : mp_const_empty_bytes;
        case DO_BLOCK:
            if (s->n & 1) {
                stream.blocked = true;
                nlr_raise(os_error(MP_EAGAIN));
            }
            if (!writing || base) {
                stream.blocked = true;
                return mp_const_none;
            }
            return MP_OBJ_NULL; // None from a class without io.IOBase means that all is written.
        case DO_EIO:
            expect(R_EIO);
            if (base && s->n & 1) {
                return MP_OBJ_NEW_SMALL_INT(-MP_EIO);
            }
            nlr_raise(os_error(MP_EIO));
        case DO_RAISE:
            expect(R_STREAM);
            if (s->n & 1) {
                gc_collect();
            }
            mp_raise_type(&stream_error_type);
        case DO_ODD:
            // These results are no counts: not an int, or out of range.
            expect(R_TYPE);
            expect(R_EIO);
            expect(R_OS_ERROR);
            if (s->n % 4 == 0) {
                return MP_OBJ_NEW_QSTR(MP_QSTR_read);
            } else if (s->n % 4 == 1) {
                return mp_obj_new_float(2);
            } else if (s->n % 4 == 2) {
                expect(R_OVERFLOW); // io.IOBase raises this.
                return mp_obj_new_int_from_ull(UINT64_MAX);
            }
            return MP_OBJ_NEW_SMALL_INT(-12345);
        default:
            return MP_OBJ_NULL;
    }
}

static mp_obj_t stream_readinto(mp_obj_t self, size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(args[0], &buf, MP_BUFFER_WRITE);
    step_t s = step(buf.len, false);
    mp_obj_t result = method_step(&s, false, true);
    if (result != MP_OBJ_NULL) {
        return result;
    }
    if (s.op == DO_MORE) {
        expect(R_EIO);
        return MP_OBJ_NEW_SMALL_INT(buf.len + 1 + s.n);
    }
    move(buf.buf, s.size, false);
    if (stream.kind == STREAM_INTO && s.op == DO_SOME && s.n == 15) {
        // The module made this bytearray for the call alone, so a stream may resize it.
        mp_obj_t method[3];
        mp_load_method(args[0], MP_QSTR_extend, method);
        method[2] = MP_OBJ_NEW_QSTR(MP_QSTR_extend);
        mp_call_method_n_kw(1, 0, method);
        gc_collect();
    }
    return MP_OBJ_NEW_SMALL_INT(s.size);
}

static mp_obj_t stream_read(mp_obj_t self, size_t n_args, const mp_obj_t *args) {
    size_t asked = mp_obj_get_int(args[0]);
    step_t s = step(asked, false);
    mp_obj_t result = method_step(&s, false, false);
    if (result != MP_OBJ_NULL) {
        return result;
    }
    if (s.op == DO_MORE) {
        expect(R_EIO);
        byte bytes[300] = { 0 };
        return mp_obj_new_bytes(bytes, asked + 1 + s.n);
    }
    stream.pos += s.size;
    const uint8_t *data = stream.data + stream.pos - s.size;
    return s.n & 1 ? mp_obj_new_bytearray(s.size, data) : mp_obj_new_bytes(data, s.size);
}

static mp_obj_t stream_write(mp_obj_t self, size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(args[0], &buf, MP_BUFFER_READ);
    step_t s = step(buf.len, true);
    mp_obj_t result = method_step(&s, true, true);
    if (result != MP_OBJ_NULL) {
        return result;
    }
    if (s.op == DO_MORE) {
        expect(R_EIO);
        return MP_OBJ_NEW_SMALL_INT(buf.len + 1 + s.n);
    }
    if (s.op == DO_BLOCK) {
        move(buf.buf, MIN(buf.len, sizeof(stream.written) - stream.n_written), true);
        return mp_const_none;
    }
    move(buf.buf, s.size, true);
    return MP_OBJ_NEW_SMALL_INT(s.size);
}

void streams_init(void) {
    static const method_obj_t readinto = METHOD(stream_readinto);
    static const method_obj_t read = METHOD(stream_read);
    static const method_obj_t write = METHOD(stream_write);
    const qstr into[] = { MP_QSTR_readinto, MP_QSTR_write };
    const method_obj_t *const into_methods[] = { &readinto, &write };
    mp_obj_t io = mp_import_name(MP_QSTR_io, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
    classes[CLASS_IOBASE] = class_new(MP_QSTR_Base, mp_load_attr(io, MP_QSTR_IOBase), 2, into, into_methods);
    classes[CLASS_INTO] = class_new(MP_QSTR_Into, MP_OBJ_NULL, 2, into, into_methods);
    const qstr reads[] = { MP_QSTR_read, MP_QSTR_write };
    classes[CLASS_READ] = class_new(MP_QSTR_Read, MP_OBJ_NULL, 2, reads, (const method_obj_t *[]) { &read, &write });
}

void stream_forget(void) {
    stream.fatal = 0;
    stream.eof = stream.blocked = false;
    stream.n_seeks = 0;
}

mp_obj_t stream_open(stream_kind_t kind, seek_kind_t seek, const uint8_t *data, size_t len, input_t outcomes) {
    stream.kind = kind;
    stream.seek = seek;
    stream.data = data;
    stream.pos = 0;
    stream.end = len;
    stream.outcomes = outcomes;
    stream.n_written = 0;
    stream_forget();
    switch (kind) {
        case STREAM_NATIVE:
            return MP_OBJ_FROM_PTR(seek == SEEK_NO_METHOD ? &native_stream : &seekable_stream);
        case STREAM_IOBASE:
            return instance_new(classes[CLASS_IOBASE]);
        case STREAM_INTO:
            return instance_new(classes[CLASS_INTO]);
        case STREAM_READ:
            return instance_new(classes[CLASS_READ]);
        default: {
            mp_obj_t bytes = mp_obj_new_bytes(data, len);
            return mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_bytesio), 1, 0, &bytes);
        }
    }
}
