// SPDX-License-Identifier: MIT
// Entries: the functions of a module that the firmware calls by itself.
//
// In a module that is compiled at once (WHOLE, SMALL), a register holds the address of the function
// table on ARM and RISC-V: TABLE_REGISTER of toolchain.mk. It is one that functions preserve. So the
// module finds its value after each call of the firmware, and the firmware finds its own after each
// call of the module, if the entry restores it. An exception restores the register to what it was
// where the exception is caught. Interrupts and threads have registers of their own.
//
// The entries of functions and methods are in context.c. Those of slots are made by NATMOD_SLOT:
//
//     static void point_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
//         ...
//     }
//     NATMOD_SLOT(print, point_print)
//
//     NATMOD_SET_SLOT(type, print, point_print, 1);
//
// Functions that natmod_protect calls are no entries. In other builds the entries are the functions
// themselves.
#ifndef NATMOD_SLOTS_H
#define NATMOD_SLOTS_H

// Set a type's slot to a function of the module, of which NATMOD_SLOT has made an entry.
#define NATMOD_SET_SLOT(type, slot, function, n) NATMOD_SET_SLOT_AS_IS(type, slot, NATMOD_ENTRY_OF(function), n)

// Set a type's slot to something else: a function of the firmware, a dict, a type, a protocol.
#define NATMOD_SET_SLOT_AS_IS(type, slot, value, n) \
    ((type)->slot_index_##slot = (n) + 1, (type)->slots[(n)] = (void *)(value))

#undef MP_OBJ_TYPE_SET_SLOT
#define MP_OBJ_TYPE_SET_SLOT(...) _Pragma("GCC error \"use NATMOD_SET_SLOT, see dynruntime/slots.h\"")

// The entry of a function, for pointers that are in no slot: those of a stream protocol or an mp_print_t.
#ifdef NATMOD_TABLE_REGISTER
#define NATMOD_ENTRY_OF(function) function##_entry
#else
#define NATMOD_ENTRY_OF(function) function
#endif

// Marks constants with addresses of functions that the module itself calls. link.py allows only
// entries in other constants, and functions in those of NATMOD_INIT_TABLE.
#if defined(NATMOD_TABLE_REGISTER)
#define NATMOD_OWN_TABLE __attribute__((section(".data.rel.ro.own")))
#else
#define NATMOD_OWN_TABLE
#endif

// Make the entry of a function, whose kind is a slot's name or that of a member of mp_stream_p_t or
// mp_print_t.
#define NATMOD_SLOT(kind, function) NATMOD_SLOT_##kind(function)
#define NATMOD_SLOT_make_new(f) \
    NATMOD_SLOT_ENTRY(mp_obj_t, f, (const mp_obj_type_t * type, size_t n_args, size_t n_kw, const mp_obj_t * args), (type, n_args, n_kw, args))
#define NATMOD_SLOT_print(f) \
    NATMOD_SLOT_ENTRY_VOID(f, (const mp_print_t * print, mp_obj_t self, mp_print_kind_t kind), (print, self, kind))
#define NATMOD_SLOT_call(f) \
    NATMOD_SLOT_ENTRY(mp_obj_t, f, (mp_obj_t self, size_t n_args, size_t n_kw, const mp_obj_t * args), (self, n_args, n_kw, args))
#define NATMOD_SLOT_unary_op(f) \
    NATMOD_SLOT_ENTRY(mp_obj_t, f, (mp_unary_op_t op, mp_obj_t self), (op, self))
#define NATMOD_SLOT_binary_op(f) \
    NATMOD_SLOT_ENTRY(mp_obj_t, f, (mp_binary_op_t op, mp_obj_t left, mp_obj_t right), (op, left, right))
#define NATMOD_SLOT_attr(f) \
    NATMOD_SLOT_ENTRY_VOID(f, (mp_obj_t self, qstr attr, mp_obj_t * dest), (self, attr, dest))
#define NATMOD_SLOT_subscr(f) \
    NATMOD_SLOT_ENTRY(mp_obj_t, f, (mp_obj_t self, mp_obj_t index, mp_obj_t value), (self, index, value))
// For the slot iter, which of them depends on the type's flags.
#define NATMOD_SLOT_getiter(f) \
    NATMOD_SLOT_ENTRY(mp_obj_t, f, (mp_obj_t self, mp_obj_iter_buf_t * buf), (self, buf))
#define NATMOD_SLOT_iternext(f) NATMOD_SLOT_ENTRY(mp_obj_t, f, (mp_obj_t self), (self))
#define NATMOD_SLOT_buffer(f) \
    NATMOD_SLOT_ENTRY(mp_int_t, f, (mp_obj_t self, mp_buffer_info_t * buf, mp_uint_t flags), (self, buf, flags))
#define NATMOD_SLOT_read(f) \
    NATMOD_SLOT_ENTRY(mp_uint_t, f, (mp_obj_t self, void *buf, mp_uint_t size, int *error), (self, buf, size, error))
#define NATMOD_SLOT_write(f) \
    NATMOD_SLOT_ENTRY(mp_uint_t, f, (mp_obj_t self, const void *buf, mp_uint_t size, int *error), (self, buf, size, error))
#define NATMOD_SLOT_ioctl(f) \
    NATMOD_SLOT_ENTRY(mp_uint_t, f, (mp_obj_t self, mp_uint_t request, uintptr_t arg, int *error), (self, request, arg, error))
#define NATMOD_SLOT_print_strn(f) \
    NATMOD_SLOT_ENTRY_VOID(f, (void *data, const char *str, size_t len), (data, str, len))

#ifdef NATMOD_TABLE_REGISTER
#define NATMOD_SLOT_ENTRY(result_t, f, parameters, arguments) \
    static result_t f##_entry parameters { \
        const mp_fun_table_t *kept = natmod_enter(); \
        result_t result = f arguments; \
        natmod_leave(kept); \
        return result; \
    }
#define NATMOD_SLOT_ENTRY_VOID(f, parameters, arguments) \
    static void f##_entry parameters { \
        const mp_fun_table_t *kept = natmod_enter(); \
        f arguments; \
        natmod_leave(kept); \
    }
#else
// Nothing but a check that the function is of that kind.
#define NATMOD_SLOT_ENTRY(result_t, f, parameters, arguments) \
    static result_t f parameters;
#define NATMOD_SLOT_ENTRY_VOID(f, parameters, arguments) \
    static void f parameters;
#endif

#endif // NATMOD_SLOTS_H
