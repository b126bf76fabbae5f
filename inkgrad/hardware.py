"""What a figure was taken on, for people."""

import os
import platform
import subprocess
from pathlib import Path

from tinygrad import Device

from inkgrad.errors import Error, first_line
from inkgrad.vectors import vectors


def opened(devices: int = 1) -> None:
    """Raises Error where tinygrad's device, so many of it, or its compiler cannot be had, before anything begins."""
    try:
        for number in range(devices):
            Device[f"{Device.DEFAULT}:{number}"]
        if Device.DEFAULT == "CPU":
            vectors()  # asks its compiler
    except Error:
        raise
    except Exception as error:  # whatever a driver's bindings raise where there is no driver
        why = f"{Device.DEFAULT} does not open ({first_line(error)})"
        raise Error(f"tinygrad's device {why}: name another with DEV, such as DEV=CPU") from None


def hardware() -> str:
    """tinygrad's device and what it is: "CUDA, NVIDIA H100 80GB HBM3" or "CPU, AMD EPYC 9354, 2 cores"."""
    if Device.DEFAULT == "CPU":
        return f"CPU, {processor()}"
    try:
        command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):  # another maker's, or no driver's tools
        return Device.DEFAULT
    return f"{Device.DEFAULT}, {names[0]}" if names else Device.DEFAULT


def processor() -> str:
    """The CPU and its cores: "AMD EPYC 9354, 2 cores"."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []  # Linux alone has it
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = models[0] if models else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"
