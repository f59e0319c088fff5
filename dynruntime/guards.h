// SPDX-License-Identifier: MIT
// What takes the place of things in py/dynruntime.h that do not work everywhere, for all sources:
// toolkit.h includes this, and upstream/py/dynruntime.h.
#ifndef NATMOD_GUARDS_H
#define NATMOD_GUARDS_H

// Floats must not cross the function table in registers: firmware for the same ARCH may have
// been compiled with another float calling convention. The build's link check turns a use of
// these names into an error that names the object file. (mp_binary_get_val_array makes an object of
// a float in memory, and mp_binary_set_val_array stores one.)
#undef mp_obj_new_float_from_f
#undef mp_obj_new_float_from_d
#undef mp_obj_get_float_to_f
#undef mp_obj_get_float_to_d
mp_obj_t mp_obj_new_float_from_f(float f);
mp_obj_t mp_obj_new_float_from_d(double d);
float mp_obj_get_float_to_f(mp_obj_t o);
double mp_obj_get_float_to_d(mp_obj_t o);
#if !MICROPY_PY_BUILTINS_FLOAT
typedef float mp_float_t;
mp_obj_t mp_obj_new_float(mp_float_t f);
mp_float_t mp_obj_get_float(mp_obj_t o);
#endif
#pragma GCC poison obj_new_float_from_f obj_new_float_from_d obj_get_float_to_f obj_get_float_to_d

#if defined(__xtensa__)
// GCC would fold an index into the table's address, and mpy_ld takes only the bare address.
static inline const uint16_t *natmod_qstr_table(void) {
    const uint16_t *table = mp_native_qstr_table;
    __asm__ ("" : "+r" (table));
    return table;
}
#define mp_native_qstr_table (natmod_qstr_table())
#endif

#endif // NATMOD_GUARDS_H
