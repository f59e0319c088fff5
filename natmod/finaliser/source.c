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
// no sources: they depend on what the user has mounted, read the flash, and no board has been
// found that loads native code and lacks all three classes.

#include <string.h>

#include "finaliser.h"

typedef struct _fill_t {
    state_t *st;
    block_t *chain; // What was made so far.
    size_t n;       // How many to make.
    size_t source;
} fill_t;

#define N_SOURCES (3)

// The filesystem object is dropped after each batch, so its cost is shared by the blocks of the
// batch. 37000 instructions of VfsLfs2 must be shared by more than those of VfsFat.
static size_t batch_size(size_t source) {
    return source == IMAGE_FAT ? 16 : 32;
}

static qstr class_name(size_t source) {
    return source == IMAGE_FAT ? MP_QSTR_VfsFat : source == IMAGE_LFS2 ? MP_QSTR_VfsLfs2 : MP_QSTR_VfsLfs1;
}

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
    block->next = NULL;
    block->base.type = st->block_type;
    return block;
}

static void fill(void *arg) {
    fill_t *f = arg;
    state_t *st = f->st;
    device_select(st->device, f->source);
    mp_obj_t class = mp_load_attr(st->vfs, class_name(f->source));
    mp_obj_t filesystem = mp_call_function_n_kw(class, 1, 0, &st->device);
    mp_obj_t method[3];
    mp_load_method(filesystem, MP_QSTR_ilistdir, method);
    method[2] = MP_OBJ_NEW_QSTR(MP_QSTR__slash_);
    for (; f->n > 0; f->n--) {
        block_t *block = take_over(st, mp_call_method_n_kw(1, 0, method));
        if (block == NULL) {
            return;
        }
        block->next = f->chain;
        f->chain = block;
    }
}

// Make a batch of blocks, or at least one. Returns MP_OBJ_NULL or the reason for having none.
static mp_obj_t make_batch(state_t *st, size_t source) {
    fill_t f = { st, NULL, batch_size(source), source };
    mp_obj_t exception = natmod_protect(fill, &f);
    if (f.chain == NULL) {
        return exception == MP_OBJ_NULL ? mp_const_none : exception;
    }
    block_t *last = f.chain;
    while (last->next != NULL) {
        last = last->next;
    }
    lock(st);
    last->next = st->pool;
    st->pool = f.chain;
    unlock(st);
    return MP_OBJ_NULL;
}

// Use the first source from number `first` on that works.
static bool try_sources(state_t *st, size_t first, size_t end, mp_obj_t *exception) {
    for (size_t i = first; i < end; i++) {
        mp_obj_t reason = make_batch(st, i);
        if (reason == MP_OBJ_NULL) {
            st->source = i;
            return true;
        }
        // A lack of memory explains more than the lack of other classes does.
        if (*exception == MP_OBJ_NULL || mp_obj_get_type(reason) == st->MemoryError) {
            *exception = reason;
        }
    }
    return false;
}

void source_fill(state_t *st) {
    mp_obj_t exception = make_batch(st, st->source);
    if (exception != MP_OBJ_NULL) {
        nlr_raise(exception);
    }
}

bool source_init(state_t *st) {
    mp_obj_t exception = MP_OBJ_NULL;
    if (try_sources(st, 0, N_SOURCES, &exception)) {
        return true;
    }
    if (mp_obj_get_type(exception) == st->MemoryError) {
        nlr_raise(exception);
    }
    return false;
}

mp_obj_t source_name(state_t *st) {
    return MP_OBJ_NEW_QSTR(class_name(st->source));
}

void source_force(state_t *st, mp_obj_t name) {
    for (size_t i = 0; i < N_SOURCES; i++) {
        if (name == MP_OBJ_NEW_QSTR(class_name(i))) {
            block_t *pool = st->pool;
            st->pool = NULL;
            mp_obj_t exception = MP_OBJ_NULL;
            if (try_sources(st, i, i + 1, &exception)) {
                return;
            }
            st->pool = pool;
            break;
        }
    }
    natmod_raise(st->ValueError, "this firmware has no such source");
}
