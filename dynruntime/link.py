#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Link the objects of a native module to a .mpy file.

The linking itself is done by the MicroPython tree's own tools/mpy_ld.py, see run_mpy_ld.py. Before
that this checks what would fail on a board or only there: symbols that nobody provides, writable
and zero-initialised data (which nothing keeps alive through a collection), floats in calls across
the function table, uses of code that is gone by then, and functions that the firmware would call
without an entry (see slots.h). Each message names the symbol and the object file.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import mend_xtensa
import run_mpy_ld
from elftools.elf.elffile import ELFFile

# What the loader provides (see py/persistentcode.c and mpy_ld.py in MicroPython).
PROVIDED = {
    "_GLOBAL_OFFSET_TABLE_",
    "mp_fun_table",
    "mp_native_obj_table",
    "mp_native_qstr_table",
    "mp_type_type",
    "mp_type_str",
    "mp_type_list",
    "mp_type_dict",
    "mp_type_fun_builtin_0",
    "mp_type_fun_builtin_1",
    "mp_type_fun_builtin_2",
    "mp_type_fun_builtin_3",
    "mp_type_fun_builtin_var",
    "mp_type_Exception",
    "mp_stream_read_obj",
    "mp_stream_readinto_obj",
    "mp_stream_unbuffered_readline_obj",
    "mp_stream_write_obj",
}

# Function-table entries with a float in their signature, which toolkit.h leaves undefined.
FLOAT_CALLS = {
    "mp_obj_new_float_from_f",
    "mp_obj_new_float_from_d",
    "mp_obj_get_float_to_f",
    "mp_obj_get_float_to_d",
    "mp_obj_new_float",
    "mp_obj_get_float",
}

# The only variable that a module with toolkit.h may have; upstream/init.c says why it stays alive.
ROOT = "natmod_root"


class ObjectFile:
    """The symbols of one object file that matter to the checks."""

    def __init__(self, path):
        self.path = path
        self.defined = set()
        self.undefined = set()
        self.data = []  # (section, symbol) of everything that is neither code nor constant
        self.static = set()  # The names in data that no other object file sees.
        with open(path, "rb") as f:
            elf = ELFFile(f)
            writable = {}
            for index, section in enumerate(elf.iter_sections()):
                if section.name.startswith((".data", ".bss")) and section.data_size:
                    # .data.rel.ro is constant once it is relocated; mpy_ld places it.
                    if not section.name.startswith(".data.rel.ro"):
                        writable[index] = section.name
            for symbol in elf.get_section_by_name(".symtab").iter_symbols():
                self._add(symbol, writable)
            for name in writable.values():
                if all(section != name for section, _ in self.data):
                    self.data.append((name, "(no name)"))

    def _add(self, symbol, writable):
        index = symbol["st_shndx"]
        if index == "SHN_COMMON":
            self.data.append(("common", symbol.name))
        elif index in writable:
            if symbol["st_info"]["type"] == "STT_OBJECT":
                if symbol.name == ROOT and writable[index].startswith(".bss"):
                    del writable[index]
                    self.defined.add(ROOT)
                else:
                    self.data.append((writable[index], symbol.name))
                    if symbol["st_info"]["bind"] == "STB_LOCAL":
                        self.static.add(symbol.name)
        elif index != "SHN_UNDEF":
            if symbol["st_info"]["bind"] != "STB_LOCAL":
                self.defined.add(symbol.name)
        elif symbol.name:
            self.undefined.add(symbol.name)


def undefined(objects):
    """The symbols that neither the objects have nor the firmware provides."""
    known = PROVIDED.union(*(o.defined for o in objects))
    return set().union(*(o.undefined for o in objects)) - known


def link_library(paths, spare, runtime, command, output):
    """Make an object file of the functions that the objects lack, if there are any.

    They come from the object files in spare, and from libgcc if runtime is true.
    """
    wanted = undefined([ObjectFile(path) for path in paths]) - FLOAT_CALLS
    libraries = [path for path in spare if wanted & ObjectFile(path).defined]
    if libraries:
        # Keep only the functions that are needed, not whole object files.
        libraries += ["-Wl,--gc-sections"]
    if runtime:
        libraries += ["-lgcc"]
    if not wanted or not libraries:
        return []
    # The linker links the members of the archives that define these, and those that they need.
    names = [f"-Wl,-u,{name}" for name in sorted(wanted)]
    command = [*command, "-r", "-nostdlib", "-Wl,-S", "-o", output, *names, *libraries]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"link error: {(result.stderr or result.stdout).strip()}")
    # Symbols that it did not find stay undefined in the output, as in the objects.
    return [output] if ObjectFile(output).defined else []


def forbids(upstream, section, static):
    """Why a variable in the section is not allowed, and what to do instead."""
    if not upstream:
        return (
            "nothing keeps it alive through a collection; put it into the module's state (see "
            "dynruntime/toolkit.h)"
        )
    if not section.startswith(".bss"):
        return "a .mpy file has no place for its initial value; assign that in mpy_init"
    if static:
        return "mpy_ld.py finds variables by global names only; remove its 'static'"
    return None


def check(paths, library=(), upstream=False, runtime=False):
    """Return a list of messages, empty when the objects can become a module."""
    objects = [ObjectFile(path) for path in [*paths, *library]]
    missing = undefined(objects)
    messages = []
    for o in objects:
        name = os.path.basename(o.path)
        for section, symbol in o.data:
            why = forbids(upstream, section, symbol in o.static)
            if why:
                messages.append(f"{name}: variable '{symbol}' in {section}: {why}")
        lost = o.undefined & missing
        if o.path in library:
            # The library repeats undefined symbols of the objects, which report them already.
            lost -= set().union(*(other.undefined for other in objects[: len(paths)]))
        for symbol in sorted(lost):
            if symbol in FLOAT_CALLS:
                messages.append(
                    f"{name}: '{symbol}' passes a float across the function table, which "
                    "arrives as garbage on some firmware; use mp_binary_get_val_array and "
                    "mp_binary_set_val_array (see dynruntime/README.md)"
                )
            else:
                message = f"{name}: undefined symbol '{symbol}': the firmware does not provide it"
                if symbol.startswith("__") and not runtime:
                    message += "; if libgcc does, LINK_RUNTIME=1 links it"
                messages.append(message)
    return messages


def init_users(path):
    """The functions and sections that stay, but use code that is dropped after the import."""
    found = set()
    with open(path, "rb") as f:
        elf = ELFFile(f)
        init = {elf.get_section_index(name) for name in run_mpy_ld.INIT} - {None}
        gate = {elf.get_section_index(name) for name in run_mpy_ld.GATE} - {None}
        if gate:
            # Of a module that is executed in place, nothing else stays.
            init = {i for i, s in enumerate(elf.iter_sections()) if s["sh_flags"] & 2} - gate
        symbols = elf.get_section_by_name(".symtab")
        functions = [s for s in symbols.iter_symbols() if s["st_info"]["type"] == "STT_FUNC"]
        for relocations in elf.iter_sections():
            if not init or relocations["sh_type"] not in ("SHT_REL", "SHT_RELA"):
                continue
            section = relocations["sh_info"]
            for r in relocations.iter_relocations():
                symbol = symbols.get_symbol(r["r_info_sym"])
                if section in init or symbol["st_shndx"] not in init:
                    continue
                # The address of a Thumb function is odd.
                users = [
                    s.name
                    for s in functions
                    if s["st_shndx"] == section
                    and 0 <= r["r_offset"] - (s["st_value"] & ~1) < s["st_size"]
                ]
                found.add(users[0] if users else elf.get_section(section).name)
    return sorted(found - {"mpy_init"})


# Of constant data with addresses, what the firmware does not read.
OWN_TABLES = ".data.rel.ro.init", ".data.rel.ro.own"


def not_entries(path):
    """The functions that constant data for the firmware has and that are no entries."""
    found = set()
    with open(path, "rb") as f:
        elf = ELFFile(f)
        symbols = elf.get_section_by_name(".symtab")
        if not symbols.get_symbol_by_name("natmod_find_table"):
            return []
        for relocations in elf.iter_sections():
            if relocations["sh_type"] not in ("SHT_REL", "SHT_RELA"):
                continue
            name = elf.get_section(relocations["sh_info"]).name
            if not name.startswith(".data.rel.ro") or name in OWN_TABLES:
                continue
            for r in relocations.iter_relocations():
                symbol = symbols.get_symbol(r["r_info_sym"])
                if symbol["st_info"]["type"] == "STT_FUNC" and not symbol.name.endswith("_entry"):
                    found.add(symbol.name)
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tree", required=True, help="MicroPython source tree")
    parser.add_argument("--arch", required=True)
    parser.add_argument("--qstrs", required=True, help="config.h that mpy_ld.py made")
    parser.add_argument("--output", required=True)
    parser.add_argument("--compiler", required=True, help="with flags that select its libgcc")
    parser.add_argument("--runtime", action="store_true", help="take functions from libgcc")
    parser.add_argument(
        "--spare", action="append", default=[], help="object file to take them from"
    )
    parser.add_argument("--upstream", action="store_true", help="allow variables in BSS")
    parser.add_argument("objects", nargs="+")
    args = parser.parse_args()

    output = os.path.join(os.path.dirname(os.path.abspath(args.qstrs)), "library.o")
    library = link_library(args.objects, args.spare, args.runtime, args.compiler.split(), output)

    messages = check(args.objects, library, args.upstream, args.runtime)
    args.objects += library
    for path in args.objects:
        for function in init_users(path):
            messages.append(
                f"{os.path.basename(path)}: '{function}' uses what is dropped after the import "
                "(see NATMOD_INIT in dynruntime/toolkit.h)"
            )
        for function in not_entries(path):
            messages.append(
                f"{os.path.basename(path)}: '{function}' is in constant data, from where the "
                "firmware could call it, and is no entry: use NATMOD_SLOT and NATMOD_ENTRY_OF, or "
                "for a table of the module's own NATMOD_OWN_TABLE (see dynruntime/slots.h)"
            )
    if args.arch.startswith("xtensa"):
        for path in args.objects:
            for symbol in mend_xtensa.unresolved_calls(path):
                messages.append(
                    f"{os.path.basename(path)}: '{symbol}' is called directly, which mpy_ld.py "
                    "does not resolve (see dynruntime/mend_xtensa.py)"
                )
    if messages:
        sys.exit("\n".join("link error: " + message for message in messages))

    # mpy_ld.py stores the output's path as given in the file, where it costs RAM on the board
    # and makes builds differ; so it runs in the output folder and gets the bare name.
    folder, name = os.path.split(os.path.abspath(args.output))
    tree = os.path.abspath(args.tree)
    command = [sys.executable, os.path.abspath(run_mpy_ld.__file__), tree]
    command += ["--arch", args.arch, "--qstrs", os.path.abspath(args.qstrs), "-o", name]
    objects = [os.path.abspath(o) for o in args.objects]
    with tempfile.TemporaryDirectory() as copies:
        if args.arch.startswith("xtensa"):
            objects = [
                mend_xtensa.with_own_sections(path, copies, f".{number}")
                for number, path in enumerate(objects)
            ]
        result = subprocess.run(command + objects, cwd=folder, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"link error: {(result.stderr or result.stdout).strip()}")


if __name__ == "__main__":
    main()
