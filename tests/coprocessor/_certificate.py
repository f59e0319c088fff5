# SPDX-License-Identifier: MIT
# Certificates for tests of TLS.

import os
import subprocess
import tempfile
from pathlib import Path

from check import skip


def certificate(folder=tempfile.TemporaryDirectory()):
    """(certificate, key) of localhost: names of PEM files."""
    cert, key = f"{folder.name}/cert", f"{folder.name}/key"
    if not os.path.exists(cert):
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        command += f" -days 2 -keyout {key} -out {cert}"
        command += " -subj /CN=localhost -addext subjectAltName=DNS:localhost"
        try:
            subprocess.run(command.split(), check=True, capture_output=True)
        except FileNotFoundError:
            skip("there is no openssl command")
    return cert, key


def openssl(folder, command):
    subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)


def make_certificates(folder):
    """A certificate of localhost by an authority, and another authority; as PEM and as DER."""
    ec = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    for name in "authority", "other":
        openssl(folder, f"req -x509 {ec} -days 2 -keyout {name}_key -out {name} -subj /CN={name}")
    openssl(folder, f"req -new {ec} -keyout server_key -out request -subj /CN=localhost")
    Path(folder, "extensions").write_text("subjectAltName=DNS:localhost\n")
    openssl(
        folder,
        "x509 -req -in request -CA authority -CAkey authority_key -CAcreateserial -days 2"
        " -extfile extensions -out server",
    )
    for name in "authority", "other", "server":
        openssl(folder, f"x509 -in {name} -outform DER -out {name}.der")
    openssl(folder, "ec -in server_key -outform DER -out server_key.der")
