"""Is the right device chosen, without waking torch where there is none?"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from hubcheck.devices import choice
from hubcheck.devices.choice import NUMPY, Device, Kind, choose, cores, host_memory


def test_without_an_accelerator_numpy_is_chosen_and_torch_stays_asleep() -> None:
    """A machine that shows no sign of a device is not made to wait for torch."""
    code = (
        "import json, sys\nfrom hubcheck.devices import choice\n"
        "choice.signs_of_accelerator = lambda: False\n"
        "print(json.dumps([str(choice.choose()), 'torch' in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ["numpy", False]


def test_signs_without_a_device_fall_back_to_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver without a device that works is no device."""
    monkeypatch.setattr(choice, "signs_of_accelerator", lambda: True)
    monkeypatch.setattr(choice, "_accelerator", lambda _rank: None)
    assert choose().kind is Kind.NUMPY


def test_a_device_that_is_there_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each process of a machine takes its own, unless torch is ruled out."""
    monkeypatch.setattr(choice, "signs_of_accelerator", lambda: True)
    monkeypatch.setattr(choice, "_accelerator", lambda rank: Device(kind=Kind.CUDA, index=rank))
    assert str(choose(local_rank=3)) == "cuda:3"
    assert choose(allow_torch=False).kind is Kind.NUMPY


def test_cores_and_memory_are_divided_among_the_processes_of_a_machine() -> None:
    """Two processes have half the threads each, one at least, and a share of the memory."""
    alone, many = choose(allow_torch=False), choose(allow_torch=False, local_count=1000)
    assert alone.threads == cores()
    assert many.threads == 1
    assert 0 < many.memory <= alone.memory <= host_memory()


def test_names_are_those_that_torch_knows() -> None:
    """A device is written as torch writes it."""
    kinds = [Device(kind=Kind.CUDA, index=1), Device(kind=Kind.MPS), Device(kind=Kind.CPU), NUMPY]
    assert [str(d) for d in kinds] == ["cuda:1", "mps", "cpu", "numpy"]
