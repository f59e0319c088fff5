// SPDX-License-Identifier: MIT
// What keeps the values of a user C module's names. (A .mpy file would have the qstrs of this file, too,
// if it were in context.c.)

#ifdef NATMOD_USERMOD

#include "usermod.h"

// It dies in the soft reset, when it clears its root pointer: otherwise whatever lies at its address in
// the new heap would stay alive.
typedef struct _keeper_t {
    mp_obj_base_t base;
    void **root;
    mp_obj_t values[];
} keeper_t;

static mp_obj_t keeper_del(mp_obj_t self_in) {
    keeper_t *self = MP_OBJ_TO_PTR(self_in);
    // A later import has put another one there.
    if (*self->root == self) {
        *self->root = NULL;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(keeper_del_obj, keeper_del);

static const mp_rom_map_elem_t keeper_names[] = {
    { MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&keeper_del_obj) },
};
static MP_DEFINE_CONST_DICT(keeper_dict, keeper_names);

static MP_DEFINE_CONST_OBJ_TYPE(keeper_type, MP_QSTR_module, MP_TYPE_FLAG_NONE, locals_dict, &keeper_dict);

mp_obj_t *natmod_usermod_keep(const natmod_usermod_t *usermod, size_t n) {
    size_t size = sizeof(keeper_t) + n * sizeof(mp_obj_t);
    #if MICROPY_ENABLE_FINALISER
    keeper_t *self = m_malloc_with_finaliser(size);
    #else
    keeper_t *self = m_malloc(size);
    #endif
    self->base.type = &keeper_type;
    self->root = usermod->root;
    *usermod->root = self;
    return self->values;
}

#endif
