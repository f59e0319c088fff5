// SPDX-License-Identifier: MIT
// The small flavour of msgpack: what its sources share.
#ifndef MSGPACK_SMALL_H
#define MSGPACK_SMALL_H

#include "format.h"
#include "toolkit.h"

#if defined(__XTENSA__) && !defined(NATMOD_USERMOD)
// mpy_ld.py knows only the address of the function table itself, and GCC computes those of its members
// where one of several is chosen.
static inline const mp_fun_table_t *table(void) {
    const mp_fun_table_t *start = &mp_fun_table;
    __asm__ ("" : "+r" (start));
    return start;
}
#define mp_fun_table (*table())
#endif

enum {
    MAX_DEPTH = 1024, // Nested containers, either way.
    FIRST_DEPTH = 4, // Nested containers that need no heap.
    DIRECT = 16, // Bytes that are collected for a native stream.
};

typedef struct _state_t {
    natmod_t nm;
    const mp_obj_type_t *bytes_type;
    const mp_obj_type_t *int_type;
    const mp_obj_type_t *float_type;
    const mp_obj_type_t *tuple_type;
    const void *array_buffer; // The buffer slot of bytearray, memoryview and array.array,
    const void *str_buffer; // and that of str and bytes.
    mp_obj_t ext_type; // A namedtuple.
    mp_obj_t globals; // The module's dict.
    mp_obj_t builtins; // The module of that name.
    mp_obj_t etimedout; // The error number, which on some ports is the C library's.
    mp_obj_t sleep_ms; // Of the time module, or MP_OBJ_NULL.
    mp_obj_t keywords[3]; // default, ext_hook, use_list
    char float_code; // How the firmware has floats: 'f' or 'd'.
} state_t;

// A 64-bit number as MicroPython's array accessors have it.
typedef union _number_t {
    uint64_t aligned;
    uint32_t word[2];
    byte b[8];
} number_t;

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The words of a 64-bit number are taken to have the low one first."
#endif

// An open container.
typedef struct _frame_t {
    mp_obj_t obj;
    mp_obj_t other; // The key whose value comes next, or the value that is packed next.
    uint32_t left; // Elements or pairs.
    uint32_t next; // When packing, an index; when unpacking, the kind.
    const mp_obj_type_t *type; // When packing: list, tuple or dict.
} frame_t;

// In the order of the function table, where readline is third.
enum {
    MODE_READ,
    MODE_READINTO,
    MODE_WRITE = 3,
};

enum {
    PIECE = 256, // Bytes that are allocated before they have come, or read or written by one call of a method.
};

typedef mp_uint_t (*natmod_io_t)(mp_obj_t obj, void *buf, mp_uint_t size, int *errcode);

// A call.
typedef struct _work_t {
    state_t *st;
    mp_obj_t hook; // default or ext_hook, or MP_OBJ_NULL.
    bool tuples;
    bool direct; // Write to the stream while packing.
    uint8_t mode; // Of the stream,
    bool is_iobase; // which may be of a class derived from io.IOBase.
    uint8_t kind; // Of the object whose header was taken.
    uint8_t misses; // Keys since the last one that was interned, nearly.
    uint16_t depth;
    uint16_t capacity; // Of frames.
    frame_t *frames; // On the heap, or NULL as long as first suffices.
    frame_t *top; // The innermost.
    byte *buf; // Memory of its own for bytes that were packed or read,
    size_t used; // how many there are,
    size_t size; // and how many there can be.
    const byte *p; // What is to be unpacked, up to end.
    const byte *end;
    uint32_t len; // Of a str, bin, ext, array or map whose header was taken.
    number_t number;
    size_t owed; // Objects that a stream must still bring.
    mp_obj_t method[3]; // Of the stream; null if there is none.
    natmod_io_t native; // The read or write of a native one,
    mp_uint_t (*ioctl)(mp_obj_t obj, mp_uint_t request, uintptr_t arg, int *errcode); // and its ioctl.
    frame_t first[1 + FIRST_DEPTH]; // The very first stands for no container.
} work_t;

// A qstr as a small constant, by NAME(MP_QSTR_...), which must not expand its argument: those of the module
// first, then those that are the same in all firmware.
#ifdef NATMOD_USERMOD
typedef uint16_t name_t;
#define NAME(name) (name)
#else
enum {
    #ifdef __riscv
    // Instructions of two bytes make numbers from -32 to 31: those of exceptions shall be among them.
    OWN_NAMES = 38,
    NAMES_SHIFT = 56,
    #else
    OWN_NAMES = 64, // At most.
    NAMES_SHIFT = -64, // From such a constant to the qstr, for names that are the same in all firmware.
    #endif
};
typedef uint8_t name_t;
#define NAME(name) NAME_OF(NATMOD_NAME_##name)
#define NAME_OF(name) ((name) >= 0x8000 ? NAME_IF((name) - 0x8000 < OWN_NAMES, (name) - 0x8000) \
    : NAME_IF((name) < NAMES_SHIFT || (name) - NAMES_SHIFT >= OWN_NAMES, (name) - NAMES_SHIFT))
#define NAME_IF(is_free, number) ((number) + 0 * sizeof(char[(is_free) ? 1 : -1]))
#endif
qstr name_qstr(size_t name);
mp_obj_t name_obj(size_t name);

// Raise an exception of a class by its name in the module, or a builtin one.
MP_NORETURN void raise_args(state_t *st, size_t error, size_t n, const mp_obj_t *args);
MP_NORETURN void raise(state_t *st, size_t error, size_t text);
frame_t *push(work_t *w, mp_obj_t obj, uint32_t left);
void write_all(work_t *w, byte *p, size_t n);
byte *take_space(work_t *w, size_t n);
const mp_obj_type_t *plain_type(state_t *st, mp_obj_t obj);
void encode(work_t *w, mp_obj_t obj);
void stream_open(work_t *w, mp_obj_t stream, unsigned int mode);
size_t transfer(work_t *w, byte *data, size_t len);
mp_obj_t decode(work_t *w);

// What py/dynruntime.h and MicroPython's own headers call differently. In the function table, True follows
// False, and the stream functions are in the order of the modes.
#ifdef NATMOD_USERMOD
#define TYPE_DICT (&mp_type_dict)
#define remove_global(name) (mp_delete_global(name))
#define raise_obj(obj) (nlr_raise(mp_make_raise_obj(obj)))
static inline mp_obj_t const_bool(unsigned int value) {
    return mp_obj_new_bool(value);
}
static inline const void *stream_fun(unsigned int mode) {
    return mode == MODE_WRITE ? (const void *)&mp_stream_write_obj
        : mode == MODE_READ ? (const void *)&mp_stream_read_obj : (const void *)&mp_stream_readinto_obj;
}
#else
#define TYPE_DICT (mp_fun_table.type_dict)
#define remove_global(name) (mp_fun_table.delete_global(name))
#define raise_obj(obj) (mp_fun_table.raise(obj))
#ifndef mp_obj_subscr
#define mp_obj_subscr(obj, index, value) (mp_fun_table.obj_subscr((obj), (index), (value)))
#endif
static inline mp_obj_t const_bool(unsigned int value) {
    return (mp_obj_t)(&mp_fun_table.const_false)[value];
}
static inline const void *stream_fun(unsigned int mode) {
    return (&mp_fun_table.stream_read_obj)[mode];
}
#endif

// obj[index]; and the bytes of an object that has some, or an exception: it always returns true.
#ifdef NATMOD_FAR_IN_MEM
#define get_item(obj, index) (natmod_far_get_item((obj), (index)))
#define get_bytes(obj, buf) (natmod_far_get_bytes((obj), (buf)))
#else
#define get_item(obj, index) (mp_obj_subscr((obj), (index), MP_OBJ_SENTINEL))
#define get_bytes(obj, buf) (mp_get_buffer((obj), (buf), MP_BUFFER_READ | MP_BUFFER_RAISE_IF_UNSUPPORTED))
#endif

#endif // MSGPACK_SMALL_H
