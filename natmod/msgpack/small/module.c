// SPDX-License-Identifier: MIT
// The module: its functions and names, and the way to the full flavour.

#include <string.h>

#include "py/mperrno.h"

#include "small.h"

/******************************************************************************/
// The full flavour

// README.md measures what all this costs by leaving it out.
#ifndef MSGPACK_NO_HANDOVER
// What it has under a name. Its import changes this module's names: see take_over in ../module.c.
static __attribute__((noinline)) mp_obj_t get_full(mp_obj_t name) {
    qstr attr = name_qstr(NAME(MP_QSTR_msgpack_full));
    mp_obj_t obj = mp_import_name(attr, MP_OBJ_NEW_SMALL_INT(0), MP_OBJ_NEW_SMALL_INT(0));
    attr = name_qstr(NAME(MP_QSTR___dict__));
    obj = mp_load_attr(obj, attr);
    return get_item(obj, name);
}

// Hashes of the names that only the full flavour has. The names themselves would take ten times the memory;
// and dir() and the REPL's completion ask a module for any name, which must not import anything. Some other names
// have such a hash as well: ssl_context would, among others, if the bytes were added.
#define FULL_NAMES \
    0xa578 /* BufferFull */, 0x0210 /* PackException */, 0x7668 /* PackOverflowError */, \
    0xf428 /* PackValueError */, 0xea30 /* Packer */, 0x4402 /* Timestamp */, \
    0x6210 /* UnpackException */, 0xb428 /* UnpackValueError */, 0xa0f0 /* Unpacker */, 0x2f19 /* pack_into */
enum {
    FULL_NAMES_COUNT = 10,
};

// KEEP has GCC count, where it would compare addresses.
#define TEXT(...) TEXT_OF(__VA_ARGS__)
#define TEXT_OF(...) #__VA_ARGS__
#if !defined(NATMOD_USERMOD) && (__riscv_xlen == 32 || defined(__thumb__))
#define KEEP(number) __asm__ ("" : "+r" (number))
#else
#define KEEP(number)
#endif

// They lie in the code where a jump over them, or an instruction for their address, takes less than the address
// of a table elsewhere.
static inline __attribute__((always_inline)) const uint16_t *full_names(void) {
    #if !defined(NATMOD_USERMOD) && __riscv_xlen == 32
    register const uint16_t *names __asm__ ("ra");
    __asm__ ("c.jal 1f\n.half " TEXT(FULL_NAMES) "\n1:" : "=r" (names));
    #elif !defined(NATMOD_USERMOD) && defined(__thumb__)
    const uint16_t *names;
    __asm__ ("adr %0, 1f\n\tb 2f\n.align 2\n1:\n.short " TEXT(FULL_NAMES) "\n2:" : "=l" (names));
    #else
    static const uint16_t names[] = { FULL_NAMES };
    #endif
    return names;
}

static mp_obj_t fun_getattr(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_buffer_info_t name;
    size_t hash = get_bytes(args[0], &name);
    const byte *p = name.buf;
    size_t n = name.len;
    while (n > 0) {
        hash = 2 * hash - *p++;
        n--;
        KEEP(n);
    }
    const uint16_t *known = full_names();
    n = FULL_NAMES_COUNT;
    do {
        if ((uint32_t)(*known++ - hash) << 16 == 0) {
            return get_full(args[0]);
        }
        n--;
        KEEP(n);
    } while (n > 0);
    raise_args((state_t *)nm, NAME(MP_QSTR_AttributeError), 1, args);
}
#endif

/******************************************************************************/
// Functions

// Those for packing are the number of their positional arguments. In a .mpy file the names are numbers in
// the order of the alphabet.
#define F_PACKB ((size_t)1)
#define F_PACK ((size_t)2)
#define F_NAME(function) (NAME(MP_QSTR_packb) + F_PACKB - (function))
#define F_UNPACKB F_NAME(NAME(MP_QSTR_unpackb))
#define F_UNPACK F_NAME(NAME(MP_QSTR_unpack))

static __attribute__((noinline)) mp_obj_t run(natmod_t *nm, size_t function, size_t n_kw, const mp_obj_t *args) {
    state_t *st = (state_t *)nm;
    work_t w;
    memset(&w, 0, sizeof(w));
    w.st = st;
    w.top = w.first;
    w.capacity = FIRST_DEPTH;
    byte buffer[DIRECT];
    bool packs = function <= F_PACK;
    size_t n_args = function == F_PACK ? 2 : 1;
    const mp_obj_t *kw = args + n_args;
    for (size_t i = 0; i < n_kw; i++) {
        mp_obj_t value = kw[2 * i + 1];
        if (kw[2 * i] == st->keywords[!packs]) {
            if (!natmod_is_none(value)) {
                w.hook = value;
            }
        } else if (!packs && kw[2 * i] == st->keywords[2]) {
            w.tuples = !mp_obj_is_true(value);
        } else {
            #ifdef MSGPACK_NO_HANDOVER
            raise(st, NAME(MP_QSTR_TypeError), NAME(MP_QSTR_TypeError));
            #else
            // Only the full flavour has it.
            size_t name = F_NAME(function);
            #ifdef NATMOD_USERMOD
            if (function == F_PACK) {
                name = NAME(MP_QSTR_pack);
            }
            #else
            MP_STATIC_ASSERT(F_NAME(F_PACK) == NAME(MP_QSTR_pack));
            #endif
            mp_obj_t fun = get_full(name_obj(name));
            #if !NATMOD_CHECKS_STACK
            if (mp_obj_get_type(fun) == nm->fun_type) {
                // It is of this flavour, which would ask itself until the stack ends.
                raise(st, NAME(MP_QSTR_ImportError), NAME(MP_QSTR_msgpack_full));
            }
            #endif
            return mp_call_function_n_kw(fun, n_args, n_kw, args);
            #endif
        }
    }
    mp_obj_t result = args[0];
    if (packs) {
        if (function == F_PACK) {
            stream_open(&w, args[1], MODE_WRITE);
            if (w.native != NULL) {
                w.direct = true;
                w.buf = buffer;
                w.size = DIRECT;
            }
        }
        encode(&w, result);
        result = mp_const_none;
        if (function == F_PACK) {
            write_all(&w, w.buf, w.used);
        } else {
            result = mp_obj_new_bytes(w.buf, w.used);
        }
    } else {
        if (function == F_UNPACK) {
            stream_open(&w, result, MODE_READINTO);
        } else {
            mp_buffer_info_t buf;
            const mp_obj_type_t *type = mp_obj_get_type(result);
            if (type == &mp_type_str) {
                raise(st, NAME(MP_QSTR_TypeError), NAME(MP_QSTR_str));
            }
            get_bytes(result, &buf);
            if (type != st->bytes_type) {
                // Python code might change it meanwhile.
                buf.buf = memcpy(take_space(&w, buf.len), buf.buf, buf.len);
            }
            w.p = buf.buf;
            w.end = w.p + buf.len;
        }
        result = decode(&w);
        if (w.p != w.end) {
            mp_obj_t extra[2] = { result, mp_obj_new_bytes(w.p, w.end - w.p) };
            raise_args(st, NAME(MP_QSTR_ExtraData), 2, extra);
        }
    }
    m_free(w.frames);
    if (!w.direct) {
        m_free(w.buf);
    }
    return result;
}

static mp_obj_t fun_unpackb(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    return run(nm, F_UNPACKB, n_kw, args);
}

static mp_obj_t fun_unpack(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    return run(nm, F_UNPACK, n_kw, args);
}

/******************************************************************************/
// The import

size_t natmod_state_size(void) {
    return sizeof(state_t);
}

NATMOD_INIT_TABLE static const natmod_entry_t functions[] = {
    NATMOD_FUN(MP_QSTR_packb, run, 1, 1, true),
    NATMOD_FUN(MP_QSTR_dumps, run, 1, 1, true),
    NATMOD_FUN(MP_QSTR_unpackb, fun_unpackb, 1, 1, true),
    NATMOD_FUN(MP_QSTR_loads, fun_unpackb, 1, 1, true),
    NATMOD_FUN(MP_QSTR_pack, run, 2, 2, true), // Not beside packb, which would be the same object then.
    NATMOD_FUN(MP_QSTR_dump, run, 2, 2, true),
    NATMOD_FUN(MP_QSTR_unpack, fun_unpack, 1, 1, true),
    NATMOD_FUN(MP_QSTR_load, fun_unpack, 1, 1, true),
    #ifndef MSGPACK_NO_HANDOVER
    NATMOD_FUN(MP_QSTR___getattr__, fun_getattr, 1, 1, false),
    #endif
};

// Firmware that lacks floats, or integers that are not small, would make a 0 of them: there is the full
// flavour for it.
NATMOD_INIT static void numbers_init(state_t *st) {
    // 1 + 2**-52 is 1 in single precision.
    number_t number;
    number.word[0] = 1;
    number.word[1] = 0x3ff00000;
    mp_obj_t zero = MP_OBJ_NEW_SMALL_INT(0);
    mp_obj_t obj = mp_binary_get_val_array('d', &number, 0);
    if (obj == zero || mp_binary_get_val_array('q', &number, 0) == zero) {
        raise(st, NAME(MP_QSTR_ImportError), NAME(MP_QSTR_msgpack_full));
    }
    st->float_type = mp_obj_get_type(obj);
    mp_binary_set_val_array('d', &number, 0, obj);
    st->float_code = number.word[0] == 1 ? 'd' : 'f';
}

NATMOD_INIT static void ext_init(state_t *st) {
    mp_obj_t fields[2] = { MP_OBJ_NEW_QSTR(MP_QSTR_code), MP_OBJ_NEW_QSTR(MP_QSTR_data) };
    mp_obj_t args[2] = { MP_OBJ_NEW_QSTR(MP_QSTR_ExtType), mp_obj_new_tuple(2, fields) };
    mp_obj_t collections = mp_import_name(MP_QSTR_collections, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
    st->ext_type = mp_call_function_n_kw(mp_load_attr(collections, MP_QSTR_namedtuple), 2, 0, args);
    mp_store_global(MP_QSTR_ExtType, st->ext_type);
}

#ifndef MSGPACK_NO_HANDOVER
// Where the full flavour is imported already, it will not do what its import does: take_over in ../module.c.
NATMOD_INIT static void take_full(state_t *st) {
    mp_obj_t modules = natmod_import_maybe(MP_QSTR_sys, MP_QSTR_modules);
    if (modules == MP_OBJ_NULL) {
        return;
    }
    mp_obj_t method[3];
    mp_load_method(modules, MP_QSTR_get, method);
    method[2] = MP_OBJ_NEW_QSTR(MP_QSTR_msgpack_full);
    if (natmod_is_none(mp_call_method_n_kw(1, 0, method))
        || natmod_import_maybe(MP_QSTR_msgpack_full, MP_QSTR_packb) == MP_OBJ_NULL) {
        return; // Or its import has only begun, or it is something else.
    }
    mp_obj_t name = mp_load_global(MP_QSTR___name__);
    mp_load_method(st->globals, MP_QSTR_update, method);
    method[2] = natmod_import_maybe(MP_QSTR_msgpack_full, MP_QSTR___dict__);
    mp_call_method_n_kw(1, 0, method);
    // Names that say what a module is called, and where it is, are its own.
    mp_store_global(MP_QSTR___name__, name);
    if (natmod_import_maybe(MP_QSTR_msgpack_full, MP_QSTR___file__) != MP_OBJ_NULL) {
        remove_global(MP_QSTR___file__);
    }
}
#endif

NATMOD_INIT void natmod_init(natmod_t *nm) {
    state_t *st = (state_t *)nm;
    st->bytes_type = natmod_builtin_type(MP_QSTR_bytes);
    st->int_type = mp_obj_get_type(MP_OBJ_NEW_SMALL_INT(0));
    st->tuple_type = mp_obj_get_type(mp_const_empty_tuple);
    st->array_buffer = MP_OBJ_TYPE_GET_SLOT(natmod_builtin_type(MP_QSTR_bytearray), buffer);
    st->str_buffer = MP_OBJ_TYPE_GET_SLOT(&mp_type_str, buffer);
    mp_obj_t number = natmod_import_maybe(MP_QSTR_errno, MP_QSTR_ETIMEDOUT);
    st->etimedout = number == MP_OBJ_NULL ? MP_OBJ_NEW_SMALL_INT(MP_ETIMEDOUT) : number;
    st->sleep_ms = natmod_import_maybe(MP_QSTR_time, MP_QSTR_sleep_ms);
    st->builtins = mp_import_name(MP_QSTR_builtins, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
    st->globals = mp_call_function_n_kw(mp_load_global(MP_QSTR_globals), 0, 0, NULL);
    st->keywords[0] = MP_OBJ_NEW_QSTR(MP_QSTR_default);
    st->keywords[1] = MP_OBJ_NEW_QSTR(MP_QSTR_ext_hook);
    st->keywords[2] = MP_OBJ_NEW_QSTR(MP_QSTR_use_list);
    mp_obj_t value_error = mp_load_global(MP_QSTR_ValueError);
    mp_obj_t unicode_error = natmod_import_maybe(MP_QSTR_builtins, MP_QSTR_UnicodeError);
    if (unicode_error == MP_OBJ_NULL) {
        mp_store_global(MP_QSTR_UnicodeError, value_error); // As on firmware without it.
    }
    mp_obj_t extra_data = MP_OBJ_FROM_PTR(natmod_exception_new(nm, MP_QSTR_ExtraData, value_error));
    mp_store_global(MP_QSTR_ExtraData, extra_data);
    mp_store_global(MP_QSTR_FormatError, value_error);
    mp_store_global(MP_QSTR_StackError, value_error);
    mp_store_global(MP_QSTR_OutOfData, mp_load_global(MP_QSTR_EOFError));
    // Without this, the table of names would be one size larger.
    remove_global(MP_QSTR___file__);
    numbers_init(st);
    ext_init(st);
    natmod_add_functions(nm, MP_OBJ_NULL, functions, MP_ARRAY_SIZE(functions));
    #ifndef MSGPACK_NO_HANDOVER
    take_full(st);
    #endif
}
