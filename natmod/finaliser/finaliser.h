// What the sources of finaliserproxy share. docs/finaliser.md explains why things are as they
// are, and what must remain true of them.
#ifndef FINALISER_H
#define FINALISER_H

#include "natmod.h"

typedef struct _block_t block_t;
typedef struct _fin_t fin_t;
typedef struct _state_t state_t;

// A heap block whose finaliser flag is set. It is always of block_type, so that the collector
// can look its __del__ up at any time, and does nothing unless a field says what it is for.
// Four words: on 32-bit machines exactly one unit of the heap.
struct _block_t {
    mp_obj_base_t base;
    // A proxy: what to call when the block dies, or MP_OBJ_NULL.
    // A handle: the object that the finalizer watches.
    mp_obj_t obj;
    // A handle: its finalizer. NULL in every other block.
    fin_t *fin;
    // The next block of the pool, or the next handle of the same object.
    block_t *next;
};

// A finalizer, the object that finalize() returns.
struct _fin_t {
    mp_obj_base_t base;
    fin_t *next;     // In the registry or in the queue of due ones.
    fin_t *prev;     // In the registry.
    uintptr_t handle; // The handle's address plus 1, which the collector does not follow.
    mp_obj_t func;   // MP_OBJ_NULL when the finalizer is dead.
    mp_obj_t *args;  // n_args positional ones, then n_kw pairs; NULL when there are none.
    uint8_t n_args;
    uint8_t n_kw;
    bool atexit;
    volatile bool due; // Set when the object has died.
};

struct _state_t {
    natmod_t nm;
    const mp_obj_type_t *block_type;
    const mp_obj_type_t *fin_type;
    const mp_obj_type_t *RuntimeError;
    const mp_obj_type_t *ValueError;
    const mp_obj_type_t *MemoryError;
    const mp_obj_type_t *KeyboardInterrupt;
    const mp_obj_type_t *SystemExit;
    mp_obj_t acquire; // Methods of a lock, or MP_OBJ_NULL where there are no threads.
    mp_obj_t release;

    // Where blocks come from.
    mp_obj_t modules; // sys.modules
    mp_obj_t exports; // What the module exports, which has an entry there too.
    mp_obj_t vfs;     // The firmware's module of that name.
    mp_obj_t device;  // What the private filesystems lie on.
    size_t source;    // Index of the source in use.
    block_t *pool;    // Blocks ready for use.
    block_t *inert;   // The base of instances whose __init__ has not called ours.

    // Finalizers.
    fin_t *registry;  // Those that wait, newest first.
    fin_t *queue;     // Those that are being run by run_due, in that order.
    block_t *canary;  // Dies when the firmware resets.
    mp_obj_t schedule; // micropython.schedule, or MP_OBJ_NULL.
    mp_obj_t drain;    // What is scheduled.
    mp_obj_t retry;    // The callback of a block that schedules it again.
    mp_obj_t print_exception; // sys.print_exception.
    mp_obj_t atexit;  // sys.atexit, or MP_OBJ_NULL.
    mp_obj_t before;  // What sys.atexit had before.
    mp_obj_t detach;  // Methods of finalizers.
    mp_obj_t peek;
    bool old_sweep;   // Before v1.25: the sweep frees blocks while it calls finalisers.
    bool rooted;      // Nobody can make this state unreachable.
    volatile bool any_due;   // Some finalizer in the registry may be due.
    volatile bool scheduled; // drain is in the scheduler's queue.
    volatile bool over;      // The final sweep has reached the canary.
};

static inline state_t *state_of(natmod_t *nm) {
    return (state_t *)nm;
}

/******************************************************************************/
// lock.c: for memory that several threads change. No collection happens in between.

void lock_init(state_t *st);
void lock(state_t *st);
void unlock(state_t *st);

/******************************************************************************/
// root.c: the one pointer that the collector always sees.

// Set it. Returns whether the firmware, v1.minor, really keeps what it points to.
bool root_set(void *ptr, unsigned int minor);

/******************************************************************************/
// image.c: the device that the private filesystems lie on.

// The read-only images that it can hold.
typedef enum { IMAGE_FAT, IMAGE_LFS2, IMAGE_LFS1 } image_t;

// An object with readblocks and ioctl.
mp_obj_t device_new(state_t *st);
void device_select(mp_obj_t device, image_t image);

/******************************************************************************/
// source.c: getting blocks from stock objects.

// Fill the pool from the best source; false if there is none. Raises MemoryError.
bool source_init(state_t *st);

// Add blocks to the pool. Raises MemoryError.
void source_fill(state_t *st);

// The name of the source in use.
mp_obj_t source_name(state_t *st);

// Use one source by name, or raise ValueError.
void source_force(state_t *st, mp_obj_t name);

/******************************************************************************/
// block.c

void block_init(state_t *st);

// A block from the pool, all of its fields but the type being zero.
block_t *block_take(state_t *st);

// Give back a block that nobody refers to.
void block_give(state_t *st, block_t *block);

/******************************************************************************/
// proxy.c

// The class FinaliserProxy.
mp_obj_t proxy_class_new(state_t *st);

mp_obj_t proxy_detach(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args);
mp_obj_t proxy_close(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args);
mp_obj_t proxy_alive(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args);

/******************************************************************************/
// finalize.c

void finalize_init(state_t *st);

// Called in the sweep: a handle has died, and the object with it.
void finalize_died(state_t *st, block_t *handle);

// Whether the module is in sys.modules.
bool module_listed(state_t *st);

// Ask the scheduler to run what is due.
void finalize_schedule(state_t *st);

// Called in the final sweep.
void finalize_exit(state_t *st);

mp_obj_t finalize_poll(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args);

#endif // FINALISER_H
