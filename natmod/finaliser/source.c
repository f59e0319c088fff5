// SPDX-License-Identifier: MIT
// Where finaliser blocks come from.
//
// The collector calls the __del__ of a dead block only if the block's finaliser flag is set,
// and a native module cannot set the flag. But some stock objects are allocated with it, and
// the flag belongs to the block, not to what is in it. The iterators that a filesystem's
// ilistdir() returns are such objects. We have one made, let it clean up, shrink it, and use
// the block for a purpose of our own.
//
// The filesystem is a private one, on the device of image.c, and never mounted. So it does not
// matter what the board's own filesystems are, which of them are mounted, or what the current
// directory is; and the flash is not read. The sources are tried in this order:
//
// 1. VfsFat: by far the cheapest, for opening the root directory reads nothing. stm32, rp2,
//    esp32, mimxrt, renesas-ra, alif and SAMD51 boards have it, and some esp8266 ones.
// 2. VfsLfs2: opening the directory reads and checks it. The rest of esp8266, nrf.
// 3. VfsLfs1: SAMD21 boards have no other.
//
// Objects that need no filesystem class (an iterator of a mounted filesystem, an open file) are
// no sources: they depend on what the user has mounted, they read the flash, and no board is
// known that loads native code and lacks all three classes.

#include "finaliser.h"

// The filesystem object is dropped after each batch, so its cost, as much as 37000 instructions
// with VfsLfs2, is shared by the blocks of the batch. Each batch has twice as many as the one
// before: a program with few proxies need not have memory for many.
// The import needs two blocks: the canary, and the last one, which stays in the pool.
#define BATCH_FIRST (2)
#define BATCH_MAX (32)

// Turn a stock object into a block. Returns NULL if it is not one with a finaliser.
static block_t *take_over(state_t *st, mp_obj_t iterator) {
    mp_obj_t method[2];
    mp_load_method_maybe(iterator, MP_QSTR___del__, method);
    if (method[0] == MP_OBJ_NULL) {
        return NULL;
    }
    // The filesystem may have the iterator in a list.
    mp_call_method_n_kw(0, 0, method);
    // From here on the object is ours. Shrinking a block never moves it nor fails, and keeps
    // the flag.
    block_t *block = m_realloc_maybe(MP_OBJ_TO_PTR(iterator), sizeof(block_t), false);
    block->obj = MP_OBJ_NULL;
    block->fin = NULL;
    block->base.type = st->block_type;
    return block;
}

static void make_batch(void *arg) {
    state_t *st = arg;
    mp_obj_t filesystem = mp_call_function_n_kw(st->class, 1, 0, &st->device);
    mp_obj_t method[3];
    mp_load_method(filesystem, MP_QSTR_ilistdir, method);
    method[2] = MP_OBJ_NEW_QSTR(MP_QSTR__slash_);
    size_t n = st->batch;
    if (n < BATCH_MAX) {
        st->batch = 2 * n;
    }
    for (; n > 0; n--) {
        block_t *block = take_over(st, mp_call_method_n_kw(1, 0, method));
        if (block == NULL) {
            return;
        }
        block_give(st, block);
    }
}

mp_obj_t source_fill(state_t *st) {
    return natmod_protect(make_batch, st);
}

bool source_init(state_t *st) {
    device_init(st);
    mp_obj_t exception = MP_OBJ_NULL;
    for (source_t source = 0; source < N_SOURCES; source++) {
        qstr name = source == SOURCE_FAT ? MP_QSTR_VfsFat
            : source == SOURCE_LFS2 ? MP_QSTR_VfsLfs2 : MP_QSTR_VfsLfs1;
        st->class = natmod_import_maybe(MP_QSTR_vfs, name);
        if (st->class != MP_OBJ_NULL) {
            st->source = source;
            st->batch = BATCH_FIRST;
            exception = source_fill(st);
            if (block_is_ready(st)) {
                return true;
            }
            if (exception != MP_OBJ_NULL && mp_obj_get_type(exception) != natmod_builtin_type(MP_QSTR_OSError)) {
                break;
            }
        }
    }
    if (exception != MP_OBJ_NULL) {
        // There was a class, but an error such as MemoryError, which another class would not mend. Only a
        // class that refuses the device lets the search continue.
        nlr_raise(exception);
    }
    return false;
}

mp_obj_t source_name(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    const mp_obj_type_t *class = MP_OBJ_TO_PTR(state_of(nm)->class);
    return MP_OBJ_NEW_QSTR(class->name);
}
