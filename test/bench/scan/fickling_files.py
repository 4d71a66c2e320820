# SPDX-License-Identifier: Apache-2.0
"""fickling's check of every file below a path, in one process: its command takes one pickle at a time."""
import io
import os
import sys
import zipfile

from fickling.analysis import Severity, check_safety
from fickling.fickle import StackedPickle


def pickles(path):
    if path.endswith((".pkl", ".pickle")):
        with open(path, "rb") as file:
            yield from StackedPickle.load(file, fail_on_decode_error=False)
    elif path.endswith((".bin", ".pt", ".pth")):
        # What its own wrapper reads, which needs torch installed.
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".pkl"):
                    yield from StackedPickle.load(io.BytesIO(archive.read(name)), fail_on_decode_error=False)


def main(root):
    files = [root] if os.path.isfile(root) else [os.path.join(root, name) for name in sorted(os.listdir(root))]
    found = [check_safety(pickled).severity > Severity.LIKELY_SAFE for name in files for pickled in pickles(name)]
    return any(found)


try:
    sys.exit(1 if main(sys.argv[1]) else 0)
except Exception as problem:  # Python's own status for it would look like a finding.
    print(problem, file=sys.stderr)
    sys.exit(2)
