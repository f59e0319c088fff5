# SPDX-License-Identifier: MIT
# The examples of the documents about protocols.

DOCUMENT = "docs/coprocessor-protocol.md"


def documented():
    """[(sender, bytes)] of the document's example."""
    with open(DOCUMENT) as f:
        text = f.read()
    rows = text.split("<!-- example -->\n```\n")[1].split("```")[0].splitlines()
    return [(row[0], bytes.fromhex(row[3:].partition("#")[0])) for row in rows if row]


def messages():
    """[(0: the client or 1, bytes, comment)] of the example of sockets."""
    with open("docs/coprocessor-net.md") as f:
        rows = f.read().split("## Example")[1].split("```")[1].strip().splitlines()
    found = []
    for row in rows:
        who, rest = row.split(None, 1)
        data, comment = rest.split("  ", 1)
        found.append((">< ".index(who), bytes.fromhex(data.replace("...", "")), comment.strip()))
    return found
