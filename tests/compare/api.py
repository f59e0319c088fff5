# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# The stub is the truth about the module's names, and CPython's msgpack is what users know.
import ast
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import peers  # noqa: E402

import check  # noqa: E402
import msgpack  # noqa: E402
from check import case, eq  # noqa: E402

STUB = peers.TOP / "natmod" / "msgpack" / "msgpack.pyi"
PROMISED = """pack packb pack_into unpack unpackb dump dumps load loads Packer Unpacker ExtType
    Timestamp UnpackException BufferFull OutOfData FormatError StackError ExtraData PackException
    PackValueError PackOverflowError UnpackValueError version""".split()
PROMISED_MEMBERS = {
    "Packer": "pack pack_array_header pack_map_header pack_map_pairs pack_ext_type bytes reset"
    " getbuffer",
    "Unpacker": "feed unpack skip read_array_header read_map_header read_bytes tell reset",
    "Timestamp": "from_bytes to_bytes from_unix to_unix from_unix_nano to_unix_nano",
}
# in python3-msgpack but of no use where there is no datetime, or no part of its interface
NOT_OURS = {"fallback", "ext", "exceptions", "os", "sys", "datetime"}

peer = peers.micropython()


def stub():
    if not STUB.exists():
        raise AssertionError(f"{STUB} is missing")
    return ast.parse(STUB.read_text())


def assigned(node):
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.AnnAssign):
        return [node.target.id]
    if isinstance(node, ast.Assign):
        return [t.id for t in node.targets]
    return []


def public(names):
    return {n for n in names if not n.startswith("_")}


def stub_names():
    names = set()
    for node in stub().body:
        names.update(assigned(node))
    # imports and type variables of the stub are no names of the module
    return public(names)


def stub_members(cls):
    for node in stub().body:
        if isinstance(node, ast.ClassDef) and node.name == cls:
            return public(n for part in node.body for n in assigned(part))
    raise AssertionError(f"no class {cls} in the stub")


def module_names(*words):
    if peer is None:
        check.skip("no unix-x64 interpreter or no x64 module has been built")
    status, _, rest = peer.ask(*words).partition(" ")
    eq(status, "ok")
    return public(bytes.fromhex(rest).decode().split())


@case
def stub_and_module_agree():
    module = module_names("names")
    eq(sorted(stub_names() - module), [])
    eq(sorted(module - stub_names()), [])


@case
def all_that_was_promised():
    module = module_names("names")
    eq(sorted(set(PROMISED) - module), [])


@case
def members_agree():
    for cls, names in PROMISED_MEMBERS.items():
        module = module_names("members", cls)
        eq((cls, sorted(set(names.split()) - module)), (cls, []))
        eq((cls, sorted(set(names.split()) - stub_members(cls))), (cls, []))
        # attributes of instances are in the stub only
        eq((cls, sorted(module - stub_members(cls))), (cls, []))


@case
def names_of_python_msgpack():
    theirs = {n for n in public(dir(msgpack)) if n not in NOT_OURS}
    eq(sorted(theirs - module_names("names")), [])


@case
def stub_says_every_parameter():
    wanted = {
        "packb": "default use_single_float strict_types use_bin_type",
        "pack": "default use_single_float strict_types use_bin_type",
        "pack_into": "offset default use_single_float strict_types use_bin_type",
        "unpackb": "ext_hook use_list object_hook object_pairs_hook list_hook raw strict_map_key"
        " timestamp max_str_len max_bin_len max_array_len max_map_len max_ext_len"
        " max_depth",
        "unpack": "ext_hook use_list object_hook object_pairs_hook list_hook raw strict_map_key"
        " timestamp max_str_len max_bin_len max_array_len max_map_len max_ext_len"
        " max_depth wait timeout",
    }
    found = {}
    for node in stub().body:
        if isinstance(node, ast.FunctionDef):
            args = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            found[node.name] = {a.arg for a in args}
    for name, params in wanted.items():
        eq((name, sorted(set(params.split()) - found.get(name, set()))), (name, []))


if peer is not None:
    peer.close()
check.end()
