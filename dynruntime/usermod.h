// SPDX-License-Identifier: MIT
// A module as a user C module, that is, as a part of an interpreter; see docs/usermod.md.
#ifndef NATMOD_USERMOD_H
#define NATMOD_USERMOD_H

#include "toolkit.h"

#if !MICROPY_MODULE_BUILTIN_INIT
#error "define MICROPY_MODULE_BUILTIN_INIT as 1 in the board's mpconfigboard.h: without it the modules stay empty"
#endif

// A module's globals are filled when it is imported. They lie in memory that stays where it is,
// and start with __init__, so that the first import after a soft reset finds that too. The collector
// does not read that memory, which has old pointers after the reset: the root pointer keeps the values.
typedef struct _natmod_usermod_t {
    const mp_obj_module_t *module;
    mp_obj_dict_t *globals;
    mp_map_elem_t *names; // Memory for the globals.
    size_t max_names;
    size_t state_size;
    void **root;
    size_t stack_reserve; // See natmod_check_stack.
    void (*init)(natmod_t *nm);
} natmod_usermod_t;

enum {
    NATMOD_USERMOD_FIRST_NAMES = 2, // __name__ and __init__.
};

// Memory for n values, which the collector knows of until the module is imported again or the soft reset.
mp_obj_t *natmod_usermod_keep(const natmod_usermod_t *usermod, size_t n);

// Import the module.
void natmod_usermod_import(const natmod_usermod_t *usermod);

// Define a module with a number of names at most. It still needs what MicroPython's build wants to read:
// MP_REGISTER_ROOT_POINTER(void *natmod_NAME_root) and
// MP_REGISTER_MODULE(MP_QSTR_NAME, natmod_NAME_module).
#define NATMOD_USERMOD_DEFINE(NAME, MAX_NAMES) \
    static mp_obj_t import(void); \
    static MP_DEFINE_CONST_FUN_OBJ_0(import_obj, import); \
    static const mp_rom_map_elem_t first_names[NATMOD_USERMOD_FIRST_NAMES] = { \
        { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_##NAME) }, \
        { MP_ROM_QSTR(MP_QSTR___init__), MP_ROM_PTR(&import_obj) }, \
    }; \
    static mp_obj_dict_t globals = { \
        .base = { &mp_type_dict }, \
        .map = { \
            .all_keys_are_qstrs = 1, .is_fixed = 1, .is_ordered = 1, \
            .used = NATMOD_USERMOD_FIRST_NAMES, .alloc = NATMOD_USERMOD_FIRST_NAMES, \
            .table = (mp_map_elem_t *)(mp_rom_map_elem_t *)first_names, \
        }, \
    }; \
    __attribute__((externally_visible)) const mp_obj_module_t natmod_##NAME##_module = { \
        .base = { &mp_type_module }, \
        .globals = &globals, \
    }; \
    static mp_map_elem_t module_names[MAX_NAMES]; \
    static mp_obj_t import(void) { \
        natmod_usermod_t usermod = { \
            &natmod_##NAME##_module, &globals, module_names, MAX_NAMES, natmod_state_size(), \
            &MP_STATE_VM(natmod_##NAME##_root), NATMOD_STACK_RESERVE, natmod_init, \
        }; \
        natmod_usermod_import(&usermod); \
        return mp_const_none; \
    }

#endif // NATMOD_USERMOD_H
