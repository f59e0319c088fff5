# SPDX-License-Identifier: MIT
"""How much C stack the functions of a module take on Cortex-M: frames along the deepest path.

The module is compiled once more as `make` compiled it, with GCC's -fcallgraph-info=su, which
tells each function's frame and what it calls. The code has to be the same as that of the object
which the .mpy file was linked from. GCC does not know where a pointer leads, so entries.py says
which functions are called through pointers, and the object's relocations say who takes their
addresses. Frames of the firmware do not count.
"""

import re

import entries
import objects
from elftools.elf.elffile import ELFFile
from objects import Failed

INDIRECT = "__indirect_call"
# R_ARM_THM_CALL, THM_JUMP24, THM_JUMP11, THM_JUMP8: branches, which do not load an address.
BRANCHES = (10, 30, 102, 103)


def plain(name):
    """A function's name in the source: GCC appends .constprop.0 and the like to copies."""
    return name.partition(".")[0]


# What NATMOD_SLOT appends to the name of a function that the firmware calls.
ENTRY = "_entry"


def entry_of(name, frames):
    """The function by which the firmware calls the one of that name."""
    return name + ENTRY if name + ENTRY in frames else name


def read_graph(text, source_line, called_back=None):
    """({function: bytes of its frame}, {function: [called]}, {function: what the firmware calls})

    source_line(file, number) is a line of the source. If it has a name that called_back contains,
    the firmware may call the functions listed there.
    """
    frames, calls, back = {}, {}, {}
    for line in text.splitlines():
        node = re.match(r'node: \{ title: "(.*?)" label: "(.*?)"', line)
        edge = re.match(
            r'edge: \{ sourcename: "(.*?)" targetname: "(.*?)"(?: label: "(.*?):(\d+):\d+")?', line
        )
        if node:
            size = re.search(r"\\n(\d+) bytes \((.*?)\)", node[2])
            name = node[1].rpartition(":")[2]
            if size:
                if size[2] != "static":
                    raise Failed(f"{name}: its frame has no fixed size ({size[2]})")
                frames[name] = int(size[1])
        elif edge:
            caller, called = (name.rpartition(":")[2] for name in edge.groups()[:2])
            calls.setdefault(caller, []).append(called)
            if called == INDIRECT and edge[3]:
                text = source_line(edge[3], int(edge[4]))
                for name, functions in (called_back or {}).items():
                    if name in text:
                        back.setdefault(caller, set()).update(functions)
    return (
        frames,
        calls,
        {
            caller: {entry_of(name, frames) for name in found} & set(frames)
            for caller, found in back.items()
        },
    )


def addresses_taken(path):
    """{function: the functions whose addresses are in its code}; "" for tables of constants."""
    taken = {}
    with open(path, "rb") as f:
        elf = ELFFile(f)
        table = elf.get_section_by_name(".symtab")
        functions = [s for s in table.iter_symbols() if s["st_info"]["type"] == "STT_FUNC"]
        for section in elf.iter_sections():
            if section["sh_type"] != "SHT_REL" or ".debug" in section.name:
                continue
            for r in section.iter_relocations():
                symbol = table.get_symbol(r["r_info_sym"])
                if r["r_info_type"] in BRANCHES or symbol["st_info"]["type"] != "STT_FUNC":
                    continue
                users = [
                    s.name
                    for s in functions
                    if s["st_shndx"] == section["sh_info"]
                    and 0 <= r["r_offset"] - (s["st_value"] & ~1) < s["st_size"]
                ]
                taken.setdefault(users[0] if users else "", set()).add(symbol.name)
    return taken


class Graph:
    def __init__(
        self,
        frames,
        calls,
        taken,
        pointers,
        by_taker=(),
        called_back=None,
        recursive=None,
        never=None,
    ):
        self.frames = frames
        self.calls = calls
        self.taken = taken
        self.pointers = pointers
        self.by_taker = set(by_taker)
        self.called_back = called_back or {}
        self.recursive = recursive or {}
        self.never = never or {}
        self.known = {}

    def depth(self, name, path=(), in_firmware=False):
        """(bytes, [functions]) from the function's entry to the deepest point."""
        if name in path and plain(name) not in self.pointers:
            if plain(name) in self.recursive:
                return 0, []
            raise Failed("recursion: " + " -> ".join([*path[path.index(name) :], name]))
        if name not in self.frames:
            # Our memory functions have frames, too.
            raise Failed(f"{name} has no frame: who is it?")
        context = tuple(sorted((p, tuple(self.candidates(p, path))) for p in self.pointers))
        barred = frozenset().union(*(self.never.get(plain(p), ()) for p in path))
        key = name, context, barred, in_firmware
        if key not in self.known:
            inner = (0, [])
            for called in self.called(name, (*path, name), in_firmware):
                inner = max(inner, called, key=lambda found: found[0])
            frames = self.recursive.get(plain(name), 1)
            self.known[key] = frames * self.frames[name] + inner[0], [name, *inner[1]]
        return self.known[key]

    def called(self, name, path, in_firmware):
        indirect = False
        barred = frozenset().union(*(self.never.get(plain(p), ()) for p in path))
        for called in sorted(set(self.calls.get(name, ()))):
            if called == INDIRECT:
                indirect = True
            elif plain(called) not in barred:
                yield self.depth(called, path, in_firmware)
        if not indirect:
            return
        for called in sorted(self.taken.get(name, set()) & self.by_taker):
            yield self.depth(called, path, in_firmware)
        if plain(name) in self.pointers:
            found = self.candidates(plain(name), path)
            # GCC makes the pointer a call if it is always the same.
            direct = {plain(called) for called in self.calls[name]} & self.pointers[plain(name)]
            if not found and not direct:
                raise Failed("no address for the pointer call: " + " -> ".join(path))
            for called in found:
                yield self.depth(called, path, in_firmware)
        if not in_firmware:
            # The firmware may call these, which call it back for numbers only.
            for called in sorted(self.called_back.get(name, ())):
                yield self.depth(called, (), True)

    def candidates(self, pointer, path):
        """The functions that a pointer may call: those whose address the nearest caller takes."""
        for name in reversed(path):
            found = self.taken.get(name, set()) & self.pointers[pointer]
            if found:
                return sorted(found)
        return []


def compute(arch, module, folder):
    """({entry: (bytes, [functions])}, the functions whose addresses are taken, the frame of
    fun_call)
    """
    target = objects.compile_again(arch, module, folder, "-fcallgraph-info=su")
    text = target.with_suffix(".ci").read_text()

    def source_line(file, number):
        lines = (objects.TOP / objects.FOLDERS[module] / file).read_text().splitlines()
        return lines[number - 1]

    frames, calls, back = read_graph(text, source_line, entries.CALLED_BACK)
    taken = addresses_taken(target)
    known = set(entries.ENTRIES[module].values()) | entries.THROUGH | entries.BY_TAKER
    known = known.union(*entries.POINTERS.values())
    names = {name.removesuffix(ENTRY) for name in set().union(*taken.values())}
    for name in names - known:
        raise Failed(f"{module}: somebody has the address of {name}: name it in bench/entries.py")
    graph = Graph(
        frames,
        calls,
        taken,
        entries.POINTERS,
        {entry_of(name, frames) for name in entries.BY_TAKER},
        back,
        entries.RECURSIVE,
        entries.NEVER,
    )
    found = {}
    through = entry_of("fun_call", frames)
    for public, name in entries.ENTRIES[module].items():
        size, path = graph.depth(entry_of(name, frames))
        if public not in entries.SLOTS:
            # Python calls every function through this one.
            size, path = size + frames[through], [through, *path]
        found[public] = size, path
    return found, names, frames[through]
