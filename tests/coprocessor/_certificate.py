# SPDX-License-Identifier: MIT
# A certificate for tests of TLS.

import os
import subprocess
import tempfile

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
