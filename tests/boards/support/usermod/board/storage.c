// SPDX-License-Identifier: MIT
// The board's storage: RAM disks outside the heap, which keep their contents over a soft reset as
// flash does. Disk 0 holds a LittleFS that is mounted at /, made when there is none. Disk 1 is
// blank, for tests to put any filesystem on.

#include <string.h>

#include "py/mperrno.h"
#include "py/objlist.h"
#include "py/runtime.h"
#include "extmod/vfs.h"
#include "extmod/vfs_lfs.h"

#define BLOCK_SIZE (512)
#define DISK_COUNT (2)
#define DISK_BLOCKS (512)

typedef struct _ramdisk_obj_t {
    mp_obj_base_t base;
    uint8_t *data;
} ramdisk_obj_t;

extern const mp_obj_type_t ramdisk_type;

static uint8_t storage[DISK_COUNT][DISK_BLOCKS * BLOCK_SIZE];
static const ramdisk_obj_t disks[DISK_COUNT] = {
    { { &ramdisk_type }, storage[0] },
    { { &ramdisk_type }, storage[1] },
};

static mp_obj_t ramdisk_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 1, 1, false);
    mp_int_t i = mp_obj_get_int(args[0]);
    if (i < 0 || i >= DISK_COUNT) {
        mp_raise_ValueError(MP_ERROR_TEXT("no such disk"));
    }
    return MP_OBJ_FROM_PTR(&disks[i]);
}

// The place of `len` bytes at block args[1] plus offset args[3] (0 when absent).
static uint8_t *ramdisk_locate(size_t n_args, const mp_obj_t *args, size_t len) {
    ramdisk_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    size_t offset = (size_t)mp_obj_get_int(args[1]) * BLOCK_SIZE;
    if (n_args > 3) {
        offset += mp_obj_get_int(args[3]);
    }
    if (offset > sizeof(storage[0]) || len > sizeof(storage[0]) - offset) {
        mp_raise_OSError(MP_EINVAL);
    }
    return self->data + offset;
}

static mp_obj_t ramdisk_readblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(args[2], &buf, MP_BUFFER_WRITE);
    memcpy(buf.buf, ramdisk_locate(n_args, args, buf.len), buf.len);
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(ramdisk_readblocks_obj, 3, 4, ramdisk_readblocks);

static mp_obj_t ramdisk_writeblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buf;
    mp_get_buffer_raise(args[2], &buf, MP_BUFFER_READ);
    memcpy(ramdisk_locate(n_args, args, buf.len), buf.buf, buf.len);
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(ramdisk_writeblocks_obj, 3, 4, ramdisk_writeblocks);

static mp_obj_t ramdisk_ioctl(mp_obj_t self_in, mp_obj_t op_in, mp_obj_t arg_in) {
    (void)self_in;
    (void)arg_in;
    switch (mp_obj_get_int(op_in)) {
        case MP_BLOCKDEV_IOCTL_BLOCK_COUNT:
            return MP_OBJ_NEW_SMALL_INT(DISK_BLOCKS);
        case MP_BLOCKDEV_IOCTL_BLOCK_SIZE:
            return MP_OBJ_NEW_SMALL_INT(BLOCK_SIZE);
        default:
            // Initialise, release, synchronise, erase: nothing to do in RAM.
            return MP_OBJ_NEW_SMALL_INT(0);
    }
}
static MP_DEFINE_CONST_FUN_OBJ_3(ramdisk_ioctl_obj, ramdisk_ioctl);

static const mp_rom_map_elem_t ramdisk_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR_readblocks), MP_ROM_PTR(&ramdisk_readblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_writeblocks), MP_ROM_PTR(&ramdisk_writeblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_ioctl), MP_ROM_PTR(&ramdisk_ioctl_obj) },
};
static MP_DEFINE_CONST_DICT(ramdisk_locals, ramdisk_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(
    ramdisk_type,
    MP_QSTR_RAMDisk,
    MP_TYPE_FLAG_NONE,
    make_new, ramdisk_make_new,
    locals_dict, &ramdisk_locals
    );

static const mp_rom_map_elem_t ramdisk_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_ramdisk) },
    { MP_ROM_QSTR(MP_QSTR_RAMDisk), MP_ROM_PTR(&ramdisk_type) },
};
static MP_DEFINE_CONST_DICT(ramdisk_globals, ramdisk_globals_table);

const mp_obj_module_t ramdisk_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&ramdisk_globals,
};
MP_REGISTER_MODULE(MP_QSTR_ramdisk, ramdisk_module);

#if MICROPY_VFS_LFS2
#define LITTLEFS mp_type_vfs_lfs2
#else
#define LITTLEFS mp_type_vfs_lfs1
#endif

static void format_littlefs(mp_obj_t disk) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_obj_t args[3];
        mp_load_method(MP_OBJ_FROM_PTR(&LITTLEFS), MP_QSTR_mkfs, args);
        args[2] = disk;
        mp_call_method_n_kw(1, 0, args);
        nlr_pop();
    } else {
        mp_obj_print_exception(&mp_plat_print, MP_OBJ_FROM_PTR(nlr.ret_val));
    }
}

// Called at the end of mp_init(), at the start and after each soft reset.
void board_init(void) {
    mp_obj_t disk = MP_OBJ_FROM_PTR(&disks[0]);
    mp_obj_t root = MP_OBJ_NEW_QSTR(MP_QSTR__slash_);
    int err = mp_vfs_mount_and_chdir_protected(disk, root);
    if (err == -MP_ENODEV) {
        format_littlefs(disk);
        err = mp_vfs_mount_and_chdir_protected(disk, root);
    }
    if (err != 0) {
        mp_printf(&mp_plat_print, "the RAM disk does not mount: %d\n", err);
    }
    mp_obj_list_append(mp_sys_path, MP_OBJ_NEW_QSTR(qstr_from_str("/lib")));
}

#if MICROPY_VFS_FAT
#include "lib/oofatfs/ff.h"

// 1 January 1980, the beginning of FAT's calendar.
DWORD get_fattime(void) {
    return 1 << 21 | 1 << 16;
}
#endif
