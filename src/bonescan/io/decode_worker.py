"""Decodes the pixels of one compressed DICOM object, in a process of its own.

The C++ decoders end their process on some damaged streams, and read others in part, with a remark on stderr. Run as a
script, this module decodes the object named on its command line and writes the pixels to stdout as NPY. It imports
nothing of bonescan, and takes no more memory than it says.
"""

from __future__ import annotations

import sys

_MEMORY_BYTES = 6 * 2**30


def main(path: str) -> None:
    """Write the pixels of the object at `path` to stdout."""
    _limit_memory()
    import gdcm
    import numpy as np
    import pydicom

    gdcm.Trace.WarningOff()
    gdcm.Trace.ErrorOff()
    dataset = pydicom.dcmread(path, force=True)
    np.save(sys.stdout.buffer, dataset.pixel_array, allow_pickle=False)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


if __name__ == "__main__":
    main(sys.argv[1])
