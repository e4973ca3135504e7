"""Threads that infer for the first time in a process, all at once."""

import subprocess
import sys

import pytest

TOGETHER = """
import threading
import numpy as np
from bonescan.inference import runtime
from bonescan.models.bundle import load_bundle
from bonescan.models.registry import find_bundle

network = runtime.load(load_bundle(find_bundle("joint")).path("joint.onnx"), backend="openvino")
barrier = threading.Barrier(4)

def infer():
    barrier.wait()
    network.outputs(np.zeros((1, 2, 1024, 256), np.float32))

threads = [threading.Thread(target=infer) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("done")
"""


@pytest.mark.parametrize("time", range(6))
def test_they_do_not_wait_for_each_other_for_ever(time):
    """Without the lock about one process in six hung."""
    pytest.importorskip("openvino")
    done = subprocess.run([sys.executable, "-c", TOGETHER], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "done\n", done.stderr
