// SPDX-License-Identifier: MIT
// Blocks with the finaliser flag, and what happens when one dies.

#include "finaliser.h"

// Only the collector, in its sweep, asks a block for attributes: for __del__, which it then calls.
// Nothing can be allocated, and what the block refers to may be as dead as the block itself. Dead
// memory still has its contents (see docs/finaliser.md), so reading it and calling into it is
// fine, and so is writing to it.
static void block_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    block_t *self = MP_OBJ_TO_PTR(self_in);
    state_t *st = state_of(natmod_of_obj(self_in));
    bool is_canary = self == st->canary;
    if (attr != MP_QSTR___del__ || (st->over && !is_canary) || heap_is_usable(st)) {
        // With the heap usable it is the program that asks: it may find a watcher among the
        // attributes of an object.
        return;
    }
    mp_obj_t obj = self->obj;
    fin_t *fin = self->fin;
    // First, so that nothing can make it happen again.
    self->obj = MP_OBJ_NULL;
    self->fin = NULL;
    if (fin != NULL) {
        finalize_died(st, fin);
    } else if (is_canary) {
        dest[0] = st->internal;
        dest[1] = self_in;
    } else if (obj == self_in) {
        finalize_retry(st);
    } else if (obj != MP_OBJ_NULL) {
        // Not the callback itself: the collector calls with an argument, and an exception that it
        // cannot print would end the collection with the heap locked forever.
        dest[0] = st->internal;
        dest[1] = obj;
    }
}
NATMOD_SLOT(attr, block_attr)

// The interpreter calls this for an instance whose __init__ has not called ours, with the
// instance's own arguments, which mean nothing to us. Such an instance gets no block.
static mp_obj_t block_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    return mp_const_none;
}
NATMOD_SLOT(make_new, block_make_new)

void block_init(state_t *st) {
    mp_obj_type_t *type = natmod_type_new(&st->nm, MP_QSTR_finaliserproxy, MP_TYPE_FLAG_NONE, 2);
    NATMOD_SET_SLOT(type, make_new, block_make_new, 1);
    NATMOD_SET_SLOT(type, attr, block_attr, 2);
    st->block_type = type;
}

// The last block is left for block_drop.
bool block_is_ready(state_t *st) {
    return st->pool != NULL && st->pool->next != NULL;
}

block_t *block_take(state_t *st) {
    // In a sweep the block's new owner may be about to be freed, and so may what the block is to
    // call: then this raises MemoryError. Otherwise it does nothing, see heap_is_usable.
    m_realloc(MP_OBJ_TO_PTR(st->internal), sizeof(block_t));
    for (;;) {
        mutex_lock(st);
        if (block_is_ready(st)) {
            block_t *first = st->pool;
            st->pool = first->next;
            block_t *block = first;
            if (first < st->canary) {
                // The final sweep goes through the heap upwards. The canary must be the first
                // block that dies in it, so that the others know.
                block = st->canary;
                st->canary = first;
            }
            mutex_unlock(st);
            // A collection may have come as far as this block, and needs the way on from it.
            wait_for_collection(st, first);
            first->next = NULL;
            return block;
        }
        mutex_unlock(st);
        mp_obj_t exception = source_fill(st);
        // Part of a batch will do. A pool that another thread has filled will do too.
        if (exception != MP_OBJ_NULL && !block_is_ready(st)) {
            nlr_raise(exception);
        }
    }
}

bool block_drop(state_t *st) {
    if (!mutex_lock_in_sweep(st)) {
        return false;
    }
    block_t *block = st->pool;
    if (block != NULL) {
        st->pool = block->next;
        // This collection has marked it. The next one will not.
        block->next = NULL;
        block->obj = MP_OBJ_FROM_PTR(block);
    }
    mutex_unlock_in_sweep(st);
    return block != NULL;
}

void block_give(state_t *st, block_t *block) {
    block->obj = MP_OBJ_NULL;
    block->fin = NULL;
    mutex_lock(st);
    block->next = st->pool;
    st->pool = block;
    mutex_unlock(st);
    wait_for_collection(st, block);
}
