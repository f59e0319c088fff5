# SPDX-License-Identifier: MIT
"""The C functions that the firmware calls, and those that pointers may call.

Who takes a function's address has to be named here, or bench/stack.py complains.
"""

# {what Python calls: the C function}. Those of SLOTS are called by a slot of the type, not as
# functions.
ENTRIES = {
    "msgpack": {
        "pack, dump": "fun_pack",
        "packb, dumps": "fun_packb",
        "pack_into": "fun_pack_into",
        "unpack, load": "fun_unpack",
        "unpackb, loads": "fun_unpackb",
        "Packer()": "packer_make_new",
        "Packer.pack": "packer_pack",
        "Packer.pack_array_header": "packer_pack_array_header",
        "Packer.pack_map_header": "packer_pack_map_header",
        "Packer.pack_map_pairs": "packer_pack_map_pairs",
        "Packer.pack_ext_type": "packer_pack_ext_type",
        "Packer.bytes": "packer_get_bytes",
        "Packer.getbuffer": "packer_getbuffer",
        "Packer.reset": "packer_reset",
        "Unpacker()": "unpacker_make_new",
        "Unpacker.feed": "unpacker_feed",
        "Unpacker.unpack": "unpacker_unpack",
        "next(Unpacker)": "unpacker_iternext",
        "Unpacker.skip": "unpacker_skip",
        "Unpacker.read_array_header": "unpacker_read_array_header",
        "Unpacker.read_map_header": "unpacker_read_map_header",
        "Unpacker.read_bytes": "unpacker_read_bytes",
        "Unpacker.tell": "unpacker_tell",
        "Unpacker.reset": "unpacker_reset",
        "ExtType()": "ext_make_new",
        "ExtType.code": "ext_attr",
        "repr(ExtType)": "ext_print",
        "Timestamp()": "timestamp_make_new",
        "Timestamp.seconds": "timestamp_attr",
        "repr(Timestamp)": "timestamp_print",
        "hash(Timestamp)": "timestamp_unary_op",
        "Timestamp == Timestamp": "timestamp_binary_op",
        "Timestamp.from_bytes": "timestamp_from_bytes",
        "Timestamp.from_unix": "timestamp_from_unix",
        "Timestamp.from_unix_nano": "timestamp_from_unix_nano",
        "Timestamp.to_bytes": "timestamp_to_bytes",
        "Timestamp.to_unix": "timestamp_to_unix",
        "Timestamp.to_unix_nano": "timestamp_to_unix_nano",
        "ExtraData.unpacked": "extra_data_attr",
        "str(ExtraData)": "extra_data_print",
        "import": "mpy_init",
    },
    "msgpack-small": {
        "pack, packb, dump, dumps": "run",
        "unpack, load": "fun_unpack",
        "unpackb, loads": "fun_unpackb",
        "__getattr__": "fun_getattr",
        "import": "mpy_init",
    },
    "finaliserproxy": {
        "FinaliserProxy()": "proxy_make",
        "FinaliserProxy.__del__": "proxy_del",
        "finalize()": "fin_make_new",
        "finalize()()": "fin_call",
        "finalize().alive": "fin_attr",
        "finalize().peek": "fin_peek",
        "finalize().detach": "fin_detach",
        "detach": "proxy_detach",
        "close": "proxy_close",
        "alive": "proxy_alive",
        "poll": "finalize_poll",
        "source": "source_name",
        "a block's death": "block_attr",
        "after it": "internal",
        "a block without __init__": "block_make_new",
        "the device's methods": "device_attr",
        "the device": "device_call",
        "import": "mpy_init",
    },
    "ioctl": {
        "ioctl": "fun_ioctl",
        "import": "mpy_init",
    },
}
SLOTS = {
    "Packer()",
    "Unpacker()",
    "next(Unpacker)",
    "ExtType()",
    "ExtType.code",
    "repr(ExtType)",
    "Timestamp()",
    "Timestamp.seconds",
    "repr(Timestamp)",
    "hash(Timestamp)",
    "Timestamp == Timestamp",
    "ExtraData.unpacked",
    "str(ExtraData)",
    "finalize()",
    "finalize()()",
    "finalize().alive",
    "a block's death",
    "a block without __init__",
    "the device's methods",
    "the device",
    "import",
}
# Functions that call through a pointer, and the functions that it may point to.
POINTERS = {
    "natmod_protect": {
        "call_arg",
        "find_limits",
        "import_attr",
        "load_method",
        "make_batch",
        "packer_run",
        "run_attempt",
        "run_protected",
        "skip_protected",
        "unpacker_run",
    },
    "packer_run": {
        "copy_bytes",
        "drop_bytes",
        "write_array_header",
        "write_ext",
        "write_map_header",
        "write_map_pairs",
        "write_object",
    },
}
# Called by the function that takes the address, directly or by the firmware (mp_vprintf, a class).
BY_TAKER = {"base_make_new", "format_encode_negative", "format_encode_uint", "text_append"}
# Called for every function and method, by the firmware.
THROUGH = {"fun_call"}
# The functions that the firmware may call back during a call: a dict hashes and compares its keys.
# They in turn call only functions for numbers.
CALLED_BACK = {"mp_obj_dict_store": {"timestamp_unary_op", "timestamp_binary_op"}}
# Functions that call themselves, and how many of their frames count. natmod_native_type calls
# itself for a class with several bases, of which one has several bases, too; the firmware's own
# search of classes does the same. check_down_to goes down the stack by as many bytes as must be
# free, and returns before the function that it protects begins. check_nesting has KEY_NESTING
# levels, and one for what is in the last.
RECURSIVE = {"natmod_native_type": 1, "check_down_to": 1, "check_nesting": 9}
# Functions that a function never calls with the data it has, although the call graph says so.
NEVER = {
    # The message is collected in memory, or in a buffer.
    "fun_packb": {"flush", "sink_some"},
    "packer_do": {"flush", "sink_some"},
    "fun_pack_into": {"try_once"},
    # All bytes are buffered.
    "fun_unpackb": {"read_some"},
    "take_pairs": {"read_some"},
    "key_new": {"read_some"},
}
