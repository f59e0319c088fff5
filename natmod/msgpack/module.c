// SPDX-License-Identifier: MIT
// The module: its functions, exceptions and names.

#include <string.h>

#include "decoder.h"
#include "encoder.h"
#include "ext.h"
#include "number.h"
#include "object.h"
#include "packer.h"
#include "seek.h"
#include "timestamp.h"
#include "unpacker.h"

/******************************************************************************/
// Packing

// The options of a call, which are in own if there are keywords. Where offset is not NULL, it may
// be one of them unless it has a value already.
static const pack_options_t *pack_options(state_t *st, pack_options_t *own, size_t n_kw, const mp_obj_t *kw,
    mp_obj_t *offset) {
    if (n_kw == 0) {
        return &st->pack_defaults;
    }
    mp_obj_t values[KW_AUTORESET];
    memset(values, 0, sizeof(values));
    bool has_offset = offset != NULL && *offset == MP_OBJ_NULL;
    pack_options_parse(st, own, n_kw, kw, values, has_offset ? KW_OFFSET : KW_DEFAULT, KW_AUTORESET);
    if (has_offset) {
        *offset = values[KW_OFFSET];
    }
    return own;
}

static mp_obj_t fun_pack(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = (state_t *)nm;
    byte buffer[PACK_BUFFER];
    natmod_stream_t stream;
    pack_options_t own;
    encoder_t enc;
    encoder_init(&enc, st, SINK_STREAM, buffer, PACK_BUFFER);
    enc.stream = &stream;
    enc.opt = pack_options(st, &own, n_kw, args + n_args, NULL);
    natmod_stream_open(&stream, &st->streams, args[1], true);
    encode(&enc, args[0]);
    encoder_flush(&enc);
    return mp_const_none;
}

static mp_obj_t fun_packb(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = (state_t *)nm;
    byte buffer[PACK_BUFFER];
    pack_options_t own;
    encoder_t enc;
    encoder_init(&enc, st, SINK_MEMORY, buffer, PACK_BUFFER);
    enc.opt = pack_options(st, &own, n_kw, args + n_args, NULL);
    encode(&enc, args[0]);
    return encoder_take_bytes(&enc);
}

static mp_obj_t fun_pack_into(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = (state_t *)nm;
    byte buffer[PACK_BUFFER];
    // Either by position or by name.
    mp_obj_t offset = n_args > 2 ? args[2] : MP_OBJ_NULL;
    pack_options_t own;
    encoder_t enc;
    encoder_init(&enc, st, SINK_BUFFER, buffer, PACK_BUFFER);
    enc.buffer = args[1];
    enc.opt = pack_options(st, &own, n_kw, args + n_args, &offset);
    mp_buffer_info_t buf;
    mp_get_buffer_raise(args[1], &buf, MP_BUFFER_WRITE);
    if (offset != MP_OBJ_NULL) {
        enc.offset = int_arg(st, offset, 0, MP_SMALL_INT_MAX);
    }
    size_t start = enc.offset;
    encode(&enc, args[0]);
    encoder_flush(&enc);
    return mp_obj_new_int_from_uint(enc.offset - start);
}

/******************************************************************************/
// Unpacking

enum {
    TIMEOUT = 1000, // Milliseconds that unpack waits for each byte but the first, unless told.
};

// The options of a call, which are in own if there are keywords, and the times for a stream.
static void unpack_options(decoder_t *dec, unpack_options_t *own, size_t n_kw, const mp_obj_t *kw) {
    state_t *st = dec->st;
    dec->opt = &st->unpack_defaults;
    dec->wait = 0;
    dec->timeout = TIMEOUT;
    if (n_kw > 0) {
        mp_obj_t values[KW_END];
        memset(values, 0, sizeof(values));
        unpack_options_parse(st, own, n_kw, kw, values, KW_EXT_HOOK, dec->source == SOURCE_STREAM ? KW_END : KW_WAIT);
        dec->opt = own;
        if (values[KW_WAIT] != MP_OBJ_NULL) {
            dec->wait = int_arg(st, values[KW_WAIT], -1, MP_SMALL_INT_MAX);
        }
        if (values[KW_TIMEOUT] != MP_OBJ_NULL) {
            dec->timeout = int_arg(st, values[KW_TIMEOUT], -1, MP_SMALL_INT_MAX);
        }
    }
}

static bool has_hooks(const unpack_options_t *opt) {
    mp_obj_t none = mp_const_none;
    return opt->ext_hook != none || opt->object_hook != none || opt->object_pairs_hook != none
           || opt->list_hook != none;
}

static mp_obj_t fun_unpack(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = (state_t *)nm;
    __attribute__((aligned(4))) byte read_ahead[READ_AHEAD];
    decoder_frame_t frames[INLINE_DEPTH];
    natmod_stream_t stream;
    decoder_t dec;
    decoder_init(&dec, st, SOURCE_STREAM, frames, INLINE_DEPTH);
    dec.stream = &stream;
    dec.read_ahead = read_ahead;
    unpack_options_t own;
    unpack_options(&dec, &own, n_kw, args + n_args);
    natmod_stream_open(&stream, &st->streams, args[0], false);
    // A hook may use the stream, whose position must then be that of a stream that cannot seek.
    if (!has_hooks(dec.opt) && natmod_stream_has_seek(&stream)) {
        mp_int_t position = natmod_stream_move(&stream, 0);
        dec.start = position;
        if (position >= 0) {
            dec.ahead = NATMOD_WIDE_OFFSETS ? AHEAD_TRY : AHEAD_FREE;
        }
    }
    decoder_start(&dec);
    return decode_stream(&dec);
}

static mp_obj_t fun_unpackb(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = (state_t *)nm;
    decoder_frame_t frames[INLINE_DEPTH];
    decoder_t dec;
    decoder_init(&dec, st, SOURCE_WHOLE, frames, INLINE_DEPTH);
    dec.buffer = args[0];
    unpack_options_t own;
    unpack_options(&dec, &own, n_kw, args + n_args);
    mp_buffer_info_t buf;
    buffer_arg(st, args[0], &buf);
    dec.p = buf.buf;
    dec.end = dec.p + buf.len;
    decoder_start(&dec);
    if (!decoder_run(&dec)) {
        natmod_raise_fmt(st->ValueError, "incomplete: %u bytes", (unsigned int)buf.len);
    }
    if (dec.p != dec.end) {
        mp_obj_t extra[2] = { dec.result, bytes_new(st, dec.p, dec.end - dec.p) };
        nlr_raise(mp_call_function_n_kw(MP_OBJ_FROM_PTR(st->ExtraData), 2, 0, extra));
    }
    return dec.result;
}

/******************************************************************************/
// Exceptions

// The arguments of an ExtraData are the object that was unpacked and the bytes after it.
static void extra_data_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    mp_obj_exception_t *self = MP_OBJ_TO_PTR(self_in);
    if (dest[0] == MP_OBJ_NULL && self->args->len == 2 && attr == MP_QSTR_unpacked) {
        dest[0] = self->args->items[0];
    } else if (dest[0] == MP_OBJ_NULL && self->args->len == 2 && attr == MP_QSTR_extra) {
        dest[0] = self->args->items[1];
    } else {
        mp_obj_exception_attr(self_in, attr, dest);
    }
}
NATMOD_SLOT(attr, extra_data_attr)

static void extra_data_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    if (kind == PRINT_STR) {
        natmod_print(print, "unpack(b) received extra data.");
    } else {
        mp_obj_exception_print(print, self_in, kind);
    }
}
NATMOD_SLOT(print, extra_data_print)

// An exception class, also stored under its name.
NATMOD_INIT static mp_obj_type_t *exception_add(state_t * st, qstr name, mp_const_obj_t parent) {
    mp_obj_type_t *type = natmod_exception_new(&st->nm, name, parent);
    natmod_add_class(&st->nm, type, 0, NULL, 0);
    return type;
}

NATMOD_INIT static void exceptions_init(state_t *st) {
    mp_obj_t exception = MP_OBJ_FROM_PTR(&mp_type_Exception);
    mp_obj_t value_error = MP_OBJ_FROM_PTR(st->ValueError);
    mp_obj_t unpack_exception = MP_OBJ_FROM_PTR(exception_add(st, MP_QSTR_UnpackException, exception));
    mp_obj_t both[2] = { value_error, unpack_exception };
    mp_obj_t parents = mp_obj_new_tuple(2, both);
    st->BufferFull = exception_add(st, MP_QSTR_BufferFull, unpack_exception);
    // In the small flavour it is EOFError, so whoever has that catches this one, too.
    mp_obj_t eof[2] = { unpack_exception, mp_load_global(MP_QSTR_EOFError) };
    st->OutOfData = exception_add(st, MP_QSTR_OutOfData, adds_to_small() ? mp_obj_new_tuple(2, eof) : unpack_exception);
    st->FormatError = exception_add(st, MP_QSTR_FormatError, parents);
    st->StackError = exception_add(st, MP_QSTR_StackError, parents);
    mp_obj_type_t *extra_data = exception_add(st, MP_QSTR_ExtraData, value_error);
    // These are slots 2 and 3 of any exception.
    NATMOD_SET_SLOT(extra_data, print, extra_data_print, 2);
    NATMOD_SET_SLOT(extra_data, attr, extra_data_attr, 3);
    st->ExtraData = extra_data;
    // As in CPython's msgpack, the rest are other names of builtin classes.
    mp_store_global(MP_QSTR_PackException, exception);
    mp_store_global(MP_QSTR_PackValueError, value_error);
    mp_store_global(MP_QSTR_PackOverflowError, MP_OBJ_FROM_PTR(st->OverflowError));
    mp_store_global(MP_QSTR_UnpackValueError, value_error);
}

/******************************************************************************/
// The import

size_t natmod_state_size(void) {
    return sizeof(state_t);
}

// A builtin class that some firmware lacks, or another one in its place.
NATMOD_INIT static const mp_obj_type_t *builtin_or(mp_obj_t builtins, qstr name, const mp_obj_type_t *otherwise) {
    mp_obj_t dest[2];
    mp_load_method_maybe(builtins, name, dest);
    return dest[0] == MP_OBJ_NULL ? otherwise : MP_OBJ_TO_PTR(dest[0]);
}

NATMOD_INIT static void types_init(state_t *st) {
    mp_obj_t builtins = mp_import_name(MP_QSTR_builtins, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
    st->str_type = &mp_type_str;
    st->str_buffer = MP_OBJ_TYPE_GET_SLOT(&mp_type_str, buffer);
    st->list_type = &mp_type_list;
    st->int_type = mp_obj_get_type(MP_OBJ_NEW_SMALL_INT(0));
    floats_init(st);
    st->bytes_type = natmod_builtin_type(MP_QSTR_bytes);
    st->memoryview_type = builtin_or(builtins, MP_QSTR_memoryview, st->bytes_type);
    st->tuple_type = mp_obj_get_type(mp_const_empty_tuple);
    st->dict_type = natmod_builtin_type(MP_QSTR_dict);
    st->array_buffer = MP_OBJ_TYPE_GET_SLOT(st->streams.bytearray, buffer);
    st->ValueError = natmod_builtin_type(MP_QSTR_ValueError);
    st->OverflowError = natmod_builtin_type(MP_QSTR_OverflowError);
    st->RuntimeError = natmod_builtin_type(MP_QSTR_RuntimeError);
    st->UnicodeError = builtin_or(builtins, MP_QSTR_UnicodeError, st->ValueError);
    ints_init(st);
    mp_obj_t eof_error = mp_load_global(MP_QSTR_EOFError);
    st->eof_error = mp_call_function_n_kw(eof_error, 0, 0, NULL);
    st->empty_bytes = mp_obj_new_bytes((const byte *)"", 0); // Not of NULL: it must end in a zero byte.
    st->empty_str = mp_obj_new_str("", 0);
}

NATMOD_INIT_TABLE static const natmod_entry_t functions[] = {
    NATMOD_FUN(MP_QSTR_pack, fun_pack, 2, 2, true),
    NATMOD_FUN(MP_QSTR_dump, fun_pack, 2, 2, true),
    NATMOD_FUN(MP_QSTR_packb, fun_packb, 1, 1, true),
    NATMOD_FUN(MP_QSTR_dumps, fun_packb, 1, 1, true),
    NATMOD_FUN(MP_QSTR_unpack, fun_unpack, 1, 1, true),
    NATMOD_FUN(MP_QSTR_load, fun_unpack, 1, 1, true),
    NATMOD_FUN(MP_QSTR_unpackb, fun_unpackb, 1, 1, true),
    NATMOD_FUN(MP_QSTR_loads, fun_unpackb, 1, 1, true),
    NATMOD_FUN(MP_QSTR_pack_into, fun_pack_into, 2, 3, true),
};

// The small flavour imports this one under another name, for what it lacks. From then on its names have the
// meaning that they have here, and both raise the same exceptions.
NATMOD_INIT static void take_over(void) {
    mp_obj_t getattr = adds_to_small() ? natmod_import_maybe(MP_QSTR_msgpack, MP_QSTR___getattr__) : MP_OBJ_NULL;
    // One that is written in Python is of something else with that name.
    if (getattr == MP_OBJ_NULL || !(mp_obj_get_type(getattr)->flags & MP_TYPE_FLAG_BUILTIN_FUN)) {
        return;
    }
    mp_obj_t small = natmod_import_maybe(MP_QSTR_msgpack, MP_QSTR___dict__);
    if (small == MP_OBJ_NULL) {
        return; // Firmware without it.
    }
    const mp_obj_t name = MP_OBJ_NEW_QSTR(MP_QSTR___name__);
    const mp_obj_t file = MP_OBJ_NEW_QSTR(MP_QSTR___file__);
    mp_obj_t get[3];
    mp_load_method(small, MP_QSTR_get, get);
    mp_obj_dict_t *own = MP_OBJ_TO_PTR(mp_call_function_n_kw(mp_load_global(MP_QSTR_globals), 0, 0, NULL));
    // The names that it has come first: these need no memory, so they change together, whatever happens.
    for (unsigned int adds = 0; adds <= 1; adds++) {
        for (size_t i = 0; i < own->map.alloc; i++) {
            const mp_map_elem_t *elem = &own->map.table[i];
            get[2] = elem->key;
            if (!mp_map_slot_is_filled(&own->map, i) || elem->key == name || elem->key == file) {
                continue; // What a module is called, and where it is, are its own.
            }
            if (adds || !natmod_is_none(mp_call_method_n_kw(1, 0, get))) {
                mp_obj_dict_store(small, elem->key, elem->value);
            }
        }
    }
}

NATMOD_INIT void natmod_init(natmod_t *nm) {
    state_t *st = (state_t *)nm;
    natmod_streams_init(&st->streams, nm);
    types_init(st);
    options_init(st);
    exceptions_init(st);
    ext_init(st);
    timestamp_init(st);
    packer_init(st);
    unpacker_init(st);
    natmod_add_functions(nm, MP_OBJ_NULL, functions, MP_ARRAY_SIZE(functions));
    take_over();
}
