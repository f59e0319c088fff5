// SPDX-License-Identifier: MIT
// The small flavour of msgpack as a part of an interpreter, for tests alone: as the module
// msgpack_small. If the environment has MSGPACK=small, it is also what `import msgpack` gives; with
// MSGPACK=both, `import msgpack_full` gives the full flavour, too.

#include <stdlib.h>
#include <string.h>

#include "py/builtin.h"
#include "usermod.h"

#include "../../../natmod/msgpack/small/module.c"
#include "../../../natmod/msgpack/small/common.c"
#include "../../../natmod/msgpack/small/encode.c"
#include "../../../natmod/msgpack/small/decode.c"
#include "../../../natmod/msgpack/small/stream.c"

MP_REGISTER_ROOT_POINTER(void *natmod_msgpack_small_root);
MP_REGISTER_ROOT_POINTER(mp_obj_dict_t * natmod_msgpack_small_dict);

/******************************************************************************/
// The module. Its globals lie in the heap, as those of a .mpy file do, because the full flavour adds to
// them.

static mp_obj_t import(void);
static MP_DEFINE_CONST_FUN_OBJ_0(import_obj, import);

static const mp_rom_map_elem_t first_names[NATMOD_USERMOD_FIRST_NAMES] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_msgpack_small) },
    { MP_ROM_QSTR(MP_QSTR___init__), MP_ROM_PTR(&import_obj) },
};
static MP_DEFINE_CONST_DICT(first_globals, first_names);

mp_obj_module_t natmod_msgpack_small_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&first_globals,
};

static void init(natmod_t *nm) {
    MP_STATE_VM(natmod_msgpack_small_dict) = mp_globals_get();
    mp_store_global(MP_QSTR___file__, mp_const_none); // It removes that of the .mpy file.
    natmod_init(nm);
}

static mp_obj_t import(void) {
    mp_obj_dict_t globals = first_globals;
    mp_map_elem_t names[64];
    natmod_usermod_t usermod = {
        &natmod_msgpack_small_module, &globals, names, MP_ARRAY_SIZE(names), natmod_state_size(),
        &MP_STATE_VM(natmod_msgpack_small_root), NATMOD_STACK_RESERVE, init,
    };
    // If this raises, the globals stay as they are.
    mp_obj_dict_t *before = MP_STATE_VM(natmod_msgpack_small_dict);
    nlr_buf_t nlr;
    if (nlr_push(&nlr) != 0) {
        MP_STATE_VM(natmod_msgpack_small_dict) = before;
        nlr_jump(nlr.ret_val);
    }
    natmod_usermod_import(&usermod);
    nlr_pop();
    natmod_msgpack_small_module.globals = MP_STATE_VM(natmod_msgpack_small_dict);
    return mp_const_none;
}

MP_REGISTER_MODULE(MP_QSTR_msgpack_small, natmod_msgpack_small_module);

/******************************************************************************/
// The name msgpack

#ifdef NATMOD_WRAPS_IMPORT

mp_obj_t __real_mp_module_get_builtin(qstr name, bool extensible);
mp_obj_t __wrap_mp_module_get_builtin(qstr name, bool extensible);

extern const mp_obj_module_t natmod_msgpack_module;

// The full flavour takes over only under this name.
static void name_full(void) {
    static mp_map_elem_t names[NATMOD_USERMOD_FIRST_NAMES];
    mp_map_t *map = &natmod_msgpack_module.globals->map;
    if (map->used == NATMOD_USERMOD_FIRST_NAMES) {
        map->table = memcpy(names, map->table, sizeof(names));
    }
    map->table[0].value = MP_OBJ_NEW_QSTR(MP_QSTR_msgpack_full);
}

// What import calls for a name that is not in sys.modules. An import puts a module there under its own
// name; this changes that.
mp_obj_t __wrap_mp_module_get_builtin(qstr name, bool extensible) {
    const char *flavour = getenv("MSGPACK");
    bool both = flavour != NULL && strcmp(flavour, "both") == 0;
    bool small = both || (flavour != NULL && strcmp(flavour, "small") == 0);
    qstr found = name;
    if (small && name == MP_QSTR_msgpack) {
        found = MP_QSTR_msgpack_small;
    } else if (both && name == MP_QSTR_msgpack_full) {
        found = MP_QSTR_msgpack;
        name_full();
    }
    mp_map_t *modules = &MP_STATE_VM(mp_loaded_modules_dict).map;
    mp_map_elem_t *elem = mp_map_lookup(modules, MP_OBJ_NEW_QSTR(found), MP_MAP_LOOKUP);
    mp_obj_t before = elem == NULL ? MP_OBJ_NULL : elem->value;
    mp_obj_t module = MP_OBJ_FROM_PTR(&natmod_msgpack_small_module);
    if (found == MP_QSTR_msgpack_small) {
        // The __init__ in its globals may be that of the full flavour, which has taken over.
        import();
    } else {
        module = __real_mp_module_get_builtin(found, extensible);
    }
    if (module != MP_OBJ_NULL && found != name) {
        mp_map_lookup(modules, MP_OBJ_NEW_QSTR(name), MP_MAP_LOOKUP_ADD_IF_NOT_FOUND)->value = module;
        mp_map_lookup(modules, MP_OBJ_NEW_QSTR(found), MP_MAP_LOOKUP_REMOVE_IF_FOUND);
        if (before != MP_OBJ_NULL) {
            mp_map_lookup(modules, MP_OBJ_NEW_QSTR(found), MP_MAP_LOOKUP_ADD_IF_NOT_FOUND)->value = before;
        }
    }
    return module;
}

#endif
