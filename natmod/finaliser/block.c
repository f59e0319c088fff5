// Blocks with the finaliser flag, and what happens when one dies.

#include "finaliser.h"

// The __del__ of every block. It runs during the sweep: nothing can be allocated, and what the
// block refers to may be as dead as the block itself. Dead memory still has its contents (see
// docs/finaliser.md), so reading it and calling into it is fine, and so is writing to it.
static mp_obj_t block_del(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)n_args;
    (void)n_kw;
    state_t *st = state_of(nm);
    block_t *self = MP_OBJ_TO_PTR(args[0]);
    if (self == st->canary) {
        finalize_exit(st);
    } else if (!st->over) {
        mp_obj_t obj = self->obj;
        fin_t *fin = self->fin;
        // First, so that nothing can make it happen again.
        self->obj = MP_OBJ_NULL;
        self->fin = NULL;
        if (fin != NULL) {
            finalize_died(st, fin);
        } else if (obj != MP_OBJ_NULL) {
            mp_call_function_n_kw(obj, 0, 0, NULL);
        }
    }
    return mp_const_none;
}

// The interpreter calls this for an instance whose __init__ has not called ours, with the
// instance's own arguments, which mean nothing to us. Such an instance gets no finaliser.
static mp_obj_t block_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)n_args;
    (void)n_kw;
    (void)args;
    return MP_OBJ_FROM_PTR(state_of(natmod_of_type(type))->inert);
}

void block_init(state_t *st) {
    natmod_t *nm = &st->nm;
    mp_obj_type_t *type = natmod_type_new(nm, MP_QSTR_finaliserproxy, MP_TYPE_FLAG_NONE, 2);
    MP_OBJ_TYPE_SET_SLOT(type, make_new, block_make_new, 1);
    mp_obj_dict_store(natmod_type_methods(type, 2, 1), MP_OBJ_NEW_QSTR(MP_QSTR___del__),
        natmod_fun_new(nm, block_del, 1, 1, false));
    st->block_type = type;

    // Without the flag, and with fields that stay empty.
    block_t *inert = m_malloc(sizeof(block_t));
    inert->base.type = type;
    inert->obj = MP_OBJ_NULL;
    inert->fin = NULL;
    inert->next = NULL;
    st->inert = inert;
}

block_t *block_take(state_t *st) {
    for (;;) {
        lock(st);
        block_t *first = st->pool;
        // The last one is left for `schedule`, which cannot allocate.
        if (first != NULL && first->next != NULL) {
            st->pool = first->next;
            block_t *block = first;
            if (first < st->canary) {
                // The final sweep goes through the heap upwards. The canary must be the first
                // block that dies in it, so that the others know.
                block = st->canary;
                st->canary = first;
            }
            unlock(st);
            // A collection may have come as far as this block, and needs the way on from it.
            wait_for_collection(st, first);
            first->next = NULL;
            return block;
        }
        unlock(st);
        source_fill(st);
    }
}

void block_give(state_t *st, block_t *block) {
    block->obj = MP_OBJ_NULL;
    block->fin = NULL;
    lock(st);
    block->next = st->pool;
    st->pool = block;
    unlock(st);
    wait_for_collection(st, block);
}
