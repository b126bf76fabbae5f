"""What a figure was taken on, for people."""

import os
import platform
import subprocess
from pathlib import Path

from tinygrad import Device


def hardware() -> str:
    """tinygrad's device and what it is: "CUDA, NVIDIA H100 80GB HBM3" or "CPU, 2 cores of AMD EPYC 9354"."""
    if Device.DEFAULT == "CPU":
        return f"CPU, {os.cpu_count()} cores of {_processor()}"
    try:
        command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):  # another maker's, or no driver's tools
        return Device.DEFAULT
    return f"{Device.DEFAULT}, {names[0]}" if names else Device.DEFAULT


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()
