// SPDX-License-Identifier: MIT
// The one header that the modules include.
//
// A source that includes it compiles in two ways: as part of a native .mpy module, against
// py/dynruntime.h and the function table of a stock firmware, and, with NATMOD_USERMOD
// defined, as a user C module inside an interpreter (for sanitizers and comparisons).
//
// It gives what py/dynruntime.h lacks: a module context from which everything that must
// outlive a collection can be reached, types and functions that carry that context, keyword
// arguments, exceptions with text that is safe to keep, and protected calls.
#ifndef NATMOD_TOOLKIT_H
#define NATMOD_TOOLKIT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef NATMOD_USERMOD

#include "py/binary.h"
#include "py/gc.h"
#include "py/nlr.h"
#include "py/objexcept.h"
#include "py/smallint.h"
#include "py/objfun.h"
#include "py/objstr.h"
#include "py/objtuple.h"
#include "py/objtype.h"
#include "py/runtime.h"
#include "py/stream.h"

// Memory functions as py/dynruntime.h has them: they need no old size.
#undef m_realloc
#undef m_realloc_maybe
#undef m_free
#define m_realloc(ptr, n_bytes) natmod_realloc((ptr), (n_bytes))
#define m_realloc_maybe(ptr, n_bytes, allow_move) gc_realloc((ptr), (n_bytes), (allow_move))
#define m_free(ptr) gc_free(ptr)

#define natmod_get_type (&mp_obj_get_type)
#define natmod_get_val_array (&mp_binary_get_val_array)

static inline void *natmod_realloc(void *ptr, size_t n_bytes) {
    // The collector's own sums wrap near the end of the address space.
    void *result = gc_realloc(ptr, MIN(n_bytes, SIZE_MAX / 2), true);
    if (result == NULL && n_bytes != 0) {
        m_malloc_fail(n_bytes);
    }
    return result;
}

#else

#include "py/nativeglue.h"

#include "table.h"
#include "py/dynruntime.h"
#include "guards.h"
#include "py/objexcept.h"
#include "py/smallint.h"

// The memory functions of py/dynruntime.h raise whatever the caller's globals call MemoryError, and
// before v1.25 there is no m_realloc_maybe.
#undef m_malloc
#undef m_realloc
#undef m_realloc_maybe
#ifdef NATMOD_SMALL
#define m_malloc(n) (natmod_realloc(NULL, (n)))
#else
#define m_malloc(n) (natmod_malloc(n))
#endif
#define m_realloc(ptr, n) (natmod_realloc((ptr), (n)))
#define m_realloc_maybe(ptr, n, allow_move) (natmod_realloc_maybe((ptr), (n), (allow_move)))
void *natmod_malloc(size_t n);
void *natmod_realloc(void *ptr, size_t n);

static inline void *natmod_realloc_maybe(void *ptr, size_t n, bool allow_move) {
    return mp_fun_table.realloc_(ptr, n, allow_move);
}

// These macros of py/dynruntime.h look a name up in the globals of whoever is running, so a
// script that rebinds the name makes C code crash. Modules fetch types once, while they are
// imported, with natmod_builtin_type.
#undef mp_type_int
#undef mp_type_bytes
#undef mp_type_bytearray
#undef mp_type_EOFError
#undef mp_type_IndexError
#undef mp_type_KeyError
#undef mp_type_NotImplementedError
#undef mp_type_RuntimeError
#undef mp_type_TypeError
#undef mp_type_ValueError
#undef mp_raise_NotImplementedError
#undef mp_raise_TypeError
#undef mp_raise_ValueError
#undef mp_raise_OSError
#undef mp_obj_len
#undef mp_obj_get_array
#undef mp_obj_cast_to_native_base

// For functions that are called once for each object: the shortest way to these.
#define natmod_get_type (mp_fun_table.obj_get_type)
#define natmod_get_val_array (mp_fun_table.binary_get_val_array)

// A module that calls some functions often is smaller with functions that jump to them, and defines
// NATMOD_FAR_CALLS in its Makefile. They keep the arguments where they are.
#if defined(NATMOD_FAR_CALLS) && defined(NATMOD_TABLE_REGISTER) && defined(__ARM_ARCH_6M__)
// One load reaches only the first 32 entries of the table.
#define NATMOD_FAR(result_t, name, parameters) \
    static __attribute__((naked, noipa, unused)) result_t natmod_far_##name parameters { \
        if (offsetof(mp_fun_table_t, name) < 256) { \
            __asm__ volatile ("mov r3, %0\n\tldr r3, [" NATMOD_TABLE_REGISTER ", r3]\n\tbx r3" \
    : : "i" (offsetof(mp_fun_table_t, name))); \
        } else { \
            __asm__ volatile ("mov r3, %0\n\tlsl r3, r3, #1\n\tldr r3, [" NATMOD_TABLE_REGISTER ", r3]\n\tbx r3" \
    : : "i" (offsetof(mp_fun_table_t, name) / 2)); \
        } \
    }
#elif defined(NATMOD_FAR_CALLS) && defined(NATMOD_TABLE_REGISTER) && defined(NATMOD_SMALL) && __riscv_xlen == 32
// A call of such a function takes two bytes where it is near; mem.c has them.
#define NATMOD_FAR(result_t, name, parameters) \
    __attribute__((visibility("hidden"))) result_t natmod_far_##name parameters;
#define NATMOD_FAR_IN_MEM (1)
#endif
#ifdef NATMOD_FAR
NATMOD_FAR(const mp_obj_type_t *, obj_get_type, (mp_const_obj_t obj))
NATMOD_FAR(void, load_method_maybe, (mp_obj_t obj, qstr name, mp_obj_t * method))
#undef mp_obj_get_type
#undef mp_load_method_maybe
#define mp_obj_get_type(obj) (natmod_far_obj_get_type(obj))
#define mp_load_method_maybe(obj, name, method) (natmod_far_load_method_maybe((obj), (name), (method)))
#endif
#if defined(NATMOD_FAR) && !defined(NATMOD_FAR_IN_MEM)
NATMOD_FAR(bool, get_buffer, (mp_obj_t obj, mp_buffer_info_t * buf, mp_uint_t flags))
#undef mp_get_buffer
#undef mp_get_buffer_raise
#define mp_get_buffer(obj, buf, flags) (natmod_far_get_buffer((obj), (buf), (flags)))
#define mp_get_buffer_raise(obj, buf, flags) (natmod_far_get_buffer((obj), (buf), (flags) | MP_BUFFER_RAISE_IF_UNSUPPORTED))
#endif
#ifdef NATMOD_FAR_IN_MEM
NATMOD_FAR(mp_obj_t, qstr_to_obj, (qstr name))
NATMOD_FAR(mp_obj_t, get_item, (mp_obj_t obj, mp_obj_t index))
NATMOD_FAR(bool, get_bytes, (mp_obj_t obj, mp_buffer_info_t * buf))
NATMOD_FAR(mp_obj_t, binary_op, (mp_binary_op_t op, mp_obj_t lhs, mp_obj_t rhs))
NATMOD_FAR(mp_obj_t, call_function_n_kw, (mp_obj_t fun, size_t n_args_kw, const mp_obj_t * args))
NATMOD_FAR(mp_obj_t, obj_new_bytes, (const byte * data, size_t len))
NATMOD_FAR(mp_obj_t, binary_get_val_array, (char typecode, void *p, size_t index))
NATMOD_FAR(void, binary_set_val_array, (char typecode, void *p, size_t index, mp_obj_t val_in))
NATMOD_FAR(void, free, (void *ptr))
#undef MP_OBJ_NEW_QSTR
#undef m_free
#undef mp_binary_op
#undef mp_call_function_n_kw
#undef mp_obj_new_bytes
#undef mp_binary_get_val_array
#undef mp_binary_set_val_array
#define MP_OBJ_NEW_QSTR(name) (natmod_far_qstr_to_obj(name))
#define m_free(ptr) (natmod_far_free(ptr))
#define mp_binary_op(op, lhs, rhs) (natmod_far_binary_op((op), (lhs), (rhs)))
#define mp_call_function_n_kw(fun, n_args, n_kw, args) \
    (natmod_far_call_function_n_kw((fun), (n_args) + ((n_kw) << 8), (args)))
#define mp_obj_new_bytes(data, len) (natmod_far_obj_new_bytes((data), (len)))
#define mp_binary_get_val_array(code, p, index) (natmod_far_binary_get_val_array((code), (p), (index)))
#define mp_binary_set_val_array(code, p, index, value) (natmod_far_binary_set_val_array((code), (p), (index), (value)))
#endif

// These are in the function table, but py/dynruntime.h has no name for them.
#ifndef mp_call_method_n_kw
#define mp_call_method_n_kw(n_args, n_kw, args) (mp_fun_table.call_method_n_kw((n_args), (n_kw), (args)))
#endif
#ifndef mp_unpack_sequence
#define mp_unpack_sequence(seq, n, items) (mp_fun_table.unpack_sequence((seq), (n), (items)))
#endif

// On Cortex-M and RISC-V, what only the import needs is given back after it where code lies in the GC
// heap.
// NATMOD_INIT marks such functions, NATMOD_INIT_DATA constants, and NATMOD_INIT_TABLE those with
// addresses in them. link.py places them at the end of the code, and checks that nothing else
// refers to them.
#if defined(NATMOD_WHOLE) && (defined(__thumb__) || defined(__riscv))
#define NATMOD_DROPS_INIT (1)
#define NATMOD_INIT __attribute__((section(".text.init"), noinline))
#define NATMOD_INIT_DATA __attribute__((section(".rodata.init")))
#define NATMOD_INIT_TABLE __attribute__((section(".data.rel.ro.init")))
#endif

// The mpy file's entry point, which dynruntime/context.c defines.
__attribute__((externally_visible)) mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args);

#endif

// For what is to be fast before it is small.
#define NATMOD_FAST __attribute__((optimize("O2")))

// For what runs once for each object.
#define NATMOD_INLINE static inline __attribute__((always_inline))

// Whether the processor reads and writes words at any address.
#if defined(__ARM_FEATURE_UNALIGNED) || defined(__x86_64__) || defined(__i386__)
#define NATMOD_UNALIGNED (1)
#else
#define NATMOD_UNALIGNED (0)
#endif

typedef struct __attribute__((packed, may_alias)) _natmod_word_t {
    uint32_t value;
} natmod_word_t;

// Copy a few bytes.
NATMOD_INLINE void natmod_copy_short(byte *dest, const byte *src, size_t n) {
    if (NATMOD_UNALIGNED && n >= 4) {
        // The last word may overlap the one before.
        natmod_word_t *d = (natmod_word_t *)dest;
        natmod_word_t *last = (natmod_word_t *)(dest + n - 4);
        const natmod_word_t *s = (const natmod_word_t *)src;
        const natmod_word_t *last_s = (const natmod_word_t *)(src + n - 4);
        while (s < last_s) {
            *d++ = *s++;
        }
        *last = *last_s;
    } else {
        while (n-- > 0) {
            *dest++ = *src++;
        }
    }
}

#include "slots.h"
#include "in_place.h"

#ifndef NATMOD_INIT
#define NATMOD_INIT
#define NATMOD_INIT_DATA
#define NATMOD_INIT_TABLE
#endif

// A module that needs one of these functions only while it is imported defines its macro as NATMOD_INIT.
#ifndef NATMOD_PROTECT
#define NATMOD_PROTECT
#endif
#ifndef NATMOD_STRLEN
#define NATMOD_STRLEN
#endif

// As a user C module the context says what to reserve. A .mpy file of the unix port reserves nothing:
// that leaves 8192 bytes below the limit of each stack that it checks, and more.
#if defined(NATMOD_USERMOD) || (defined(NATMOD_STACK_RESERVE) && !defined(__x86_64__) && !defined(__i386__))
#define NATMOD_CHECKS_STACK (1)
#else
#define NATMOD_CHECKS_STACK (0)
#endif

#ifndef MP_NORETURN
#define MP_NORETURN __attribute__((noreturn))
#endif

/******************************************************************************/
// The module context

// First member of every module's state. The state is one heap block; every type and every
// function of the module has a word with the state's address, and the state has theirs. So whichever object a program keeps, the collector reaches all the others, the
// module's code and its qstr table, whatever happens to sys.modules.
typedef struct _natmod_t {
    void *init_fun;                   // What mpy_init got: keeps text and tables alive.
    const mp_obj_type_t *fun_type;    // Type of all functions and methods of the module.
    const mp_obj_type_t *object_type; // Builtin types that every module needs.
    const mp_obj_type_t *TypeError;
    #ifdef NATMOD_USERMOD
    size_t stack_reserve;
    #elif NATMOD_CHECKS_STACK
    mp_obj_t exhausted; // An iterator at its end; see stack.c, as for the others.
    #ifndef NATMOD_SMALL
    mp_obj_t get_ident;
    const byte *stack_low;
    size_t stack_len;
    #endif
    #endif
    #if NATMOD_IN_PLACE
    const byte *block;
    mp_obj_t gone_type; // What is raised when the block is gone.
    mp_obj_t gone_text;
    #endif
} natmod_t;

// Implemented by each module: the size of its state, whose first member is a natmod_t, and
// the part of the import that fills the state and stores the module's names with mp_store_name
// or mp_store_global. State arrives zeroed, with its natmod_t filled in.
size_t natmod_state_size(void);
NATMOD_INIT void natmod_init(natmod_t *nm);

#ifndef NATMOD_USERMOD
// Raise ImportError if this firmware's objects are not laid out as the module was compiled for: those
// that LAYOUTS of its Makefile names, and those that every module uses. context.c calls it first.
NATMOD_INIT void natmod_check_layouts(const mp_obj_fun_bc_t *self);

// The part of it that is in protect.c.
NATMOD_INIT bool natmod_nlr_is_known(void);
#endif

// What every import does before natmod_init.
natmod_t *natmod_context_new(void *init_fun, size_t size);
void natmod_version_store(void);

// A builtin class of the given name. Call it only from natmod_init, where the current globals
// are the module's own. Raises NameError when the firmware lacks it.
const mp_obj_type_t *natmod_builtin_type(qstr name);

// An attribute of a module, or MP_OBJ_NULL if the firmware has no such module or attribute. What
// else is raised propagates. Call it only from natmod_init.
mp_obj_t natmod_import_maybe(qstr module, qstr attr);

/******************************************************************************/
// Types and functions

// A new type object: a heap block of its own with room for n_slots slots, to be set by
// NATMOD_SET_SLOT with numbers 1 to n_slots. Slot 0 is the module context.
mp_obj_type_t *natmod_type_new(natmod_t *nm, qstr name, uint16_t flags, size_t n_slots);

// The context of the module that made the type.
static inline natmod_t *natmod_of_type(const mp_obj_type_t *type) {
    return (natmod_t *)type->slots[0];
}

// The context, from a native object of one of the module's types.
static inline natmod_t *natmod_of_obj(mp_obj_t obj) {
    return natmod_of_type(((mp_obj_base_t *)MP_OBJ_TO_PTR(obj))->type);
}

// A qstr as a constant, by NATMOD_NAME(MP_QSTR_...): qstrs themselves get their numbers only when
// the module is loaded. The macros must not expand their argument.
typedef uint16_t natmod_name_t;
#ifdef NATMOD_USERMOD
#define NATMOD_NAME(name) (name)
#define NATMOD_FUN(name, fun, min, max, takes_kw) NATMOD_ENTRY(name, fun, min, max, takes_kw)
static inline qstr natmod_name_to_qstr(natmod_name_t name) {
    return name;
}
#else
#define NATMOD_NAME(name) NATMOD_NAME_##name
#define NATMOD_FUN(name, fun, min, max, takes_kw) NATMOD_ENTRY(NATMOD_NAME_##name, fun, min, max, takes_kw)
static inline qstr natmod_name_to_qstr(natmod_name_t name) {
    return name & 0x8000 ? mp_native_qstr_table[name & 0x7fff] : name;
}
#endif

// A function or method: n_args positional ones first, then n_kw pairs of name and value.
typedef mp_obj_t (*natmod_fun_t)(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args);

// What NATMOD_FUN has for it is an offset where the code is executed in place.
#ifdef NATMOD_STUB
#define NATMOD_FUN_OF(fun) ((natmod_fun_t)IN_PLACE_##fun)
#define NATMOD_PLACE(nm, fun) ((natmod_fun_t)((nm)->block + (uintptr_t)(fun)))
// The module's globals if its code is not found, or MP_OBJ_NULL. Each module implements it.
mp_obj_t natmod_in_place_instead(void);
#else
#define NATMOD_FUN_OF(fun) (fun)
#define NATMOD_PLACE(nm, fun) (fun)
#endif

// Raise RuntimeError, as for too deep a recursion, unless the C stack has NATMOD_STACK_RESERVE bytes
// left: what the module's own functions use at most, which the module's Makefile says if it is more
// than what functions of the interpreter use. Functions and methods are called after this check;
// what the interpreter calls in another way (a make_new or iter slot) does it by itself.
#if NATMOD_CHECKS_STACK
void natmod_check_stack(natmod_t *nm);
#else
#define natmod_check_stack(nm) ((void)(nm))
#endif
#if NATMOD_CHECKS_STACK && !defined(NATMOD_USERMOD)
NATMOD_INIT void natmod_stack_init(natmod_t *nm);
#else
#define natmod_stack_init(nm) ((void)(nm))
#endif

// A new function object that takes min to max positional arguments, and keywords if takes_kw.
mp_obj_t natmod_fun_new(natmod_t *nm, natmod_fun_t fun, size_t min, size_t max, bool takes_kw);

// Functions to be made and stored under their names; NATMOD_FUN makes an entry.
typedef struct _natmod_entry_t {
    natmod_fun_t fun;
    natmod_name_t name;
    uint16_t args;
} natmod_entry_t;

#define NATMOD_ENTRY(name, fun, min, max, takes_kw) { NATMOD_FUN_OF(fun), (name), (min) | (max) << 4 | (takes_kw) << 8 }
#define NATMOD_STATICMETHOD (2) // For takes_kw.

// Store them in a dict of methods, or in the globals if dict is MP_OBJ_NULL (then only from
// natmod_init). Entries in a row with the same function share one object.
void natmod_add_functions(natmod_t *nm, mp_obj_t dict, const natmod_entry_t *entries, size_t n);

// A new exception class with the given base, which is a type or a tuple of types.
mp_obj_type_t *natmod_exception_new(natmod_t *nm, qstr name, mp_const_obj_t parent);

// Let a native type have methods: the dict in its last slot, number n_slots.
mp_obj_t natmod_type_methods(mp_obj_type_t *type, size_t n_slots, size_t n_methods);

// Give a native type its methods, if it has any, by way of its last slot, number n_slots, and store it
// under its name in the globals. Call it only from natmod_init.
void natmod_add_class(natmod_t *nm, mp_obj_type_t *type, size_t n_slots, const natmod_entry_t *methods, size_t n);

// The native object in an instance of a Python class that derives from a native type, or else obj itself. Before
// the native type's __init__ has run, it is some function.
mp_obj_t natmod_native_inside(natmod_t *nm, mp_obj_t obj);

// The native object inside self_in when that is of the type or of a Python class derived from
// it, else MP_OBJ_NULL; also MP_OBJ_NULL for an instance whose base was not initialised.
mp_obj_t natmod_native_base(natmod_t *nm, mp_obj_t obj, const mp_obj_type_t *type);

// The native ancestor of a Python class (there is at most one besides object), the type itself
// when it is native, or NULL.
const mp_obj_type_t *natmod_native_type(natmod_t *nm, const mp_obj_type_t *type);

// Whether obj can be called.
bool natmod_is_callable(mp_obj_t obj);

// Whether obj is None. (mp_const_none is a load from the function table in native modules.)
static inline bool natmod_is_none(mp_obj_t obj) {
    return obj == mp_const_none;
}

// Iterate over an object with the iterator in buf; the end is MP_OBJ_STOP_ITERATION.
static inline void natmod_getiter(mp_obj_t obj, mp_obj_iter_buf_t *buf) {
    #ifdef NATMOD_USERMOD
    mp_obj_t iter = mp_getiter(obj, buf);
    if (iter != MP_OBJ_FROM_PTR(buf)) {
        buf->base.type = NULL;
        buf->buf[0] = iter;
    }
    #else
    mp_fun_table.getiter(obj, buf);
    #endif
}

static inline mp_obj_t natmod_iternext(mp_obj_iter_buf_t *buf) {
    #ifdef NATMOD_USERMOD
    return mp_iternext(buf->base.type == NULL ? buf->buf[0] : MP_OBJ_FROM_PTR(buf));
    #else
    return mp_fun_table.iternext(buf);
    #endif
}

// Match n_kw pairs of keyword and value against names, storing values where they match.
// Raises TypeError for a keyword that is not among the names.
void natmod_parse_kw(natmod_t *nm, size_t n_kw, const mp_obj_t *kw, size_t n_names,
    const mp_obj_t *names, mp_obj_t *values);

/******************************************************************************/
// Exceptions

// Raise an exception whose text is a copy on the heap, so that it may outlive the module.
// With no memory (or the heap locked) the text is dropped, never the exception's type.
MP_NORETURN void natmod_raise(const mp_obj_type_t *type, const char *text);

// The same with a text of a given length.
MP_NORETURN void natmod_raise_text(const mp_obj_type_t *type, const char *text, size_t len);

// The same with a formatted text of at most 95 characters; formats are those of mp_printf.
MP_NORETURN void natmod_raise_fmt(const mp_obj_type_t *type, const char *format, ...);

// Raise an exception, of the type OSError say, with an error number.
MP_NORETURN void natmod_raise_errno(const mp_obj_type_t *type, int number);

// Copy a constant text. On the ESP8266 these lie in memory that allows 32-bit access only, so
// nothing but code compiled for that (with -mforce-l32) may read them, and memcpy may not.
void natmod_copy_text(byte *dest, const char *text, size_t len);

// Print a constant text of at most 32 characters.
void natmod_print(const mp_print_t *print, const char *text);

// Call fun(arg) and return MP_OBJ_NULL, or the exception that it raised.
mp_obj_t natmod_protect(void (*fun)(void *), void *arg);

#endif // NATMOD_TOOLKIT_H
