"""The cores that a survey takes, and gives back."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

#: In a process of its own: who sets cores first is obeyed alone.
BEGIN = """
from threading import Barrier, Thread
from time import sleep
import numpy, scipy.linalg
from threadpoolctl import threadpool_info
from alliage.survey.threads import small_products

def become(cores):
    for _ in range(500):
        blas = (each for each in threadpool_info() if each["user_api"] == "blas")
        if {each["num_threads"] for each in blas} == {cores}:
            return
        sleep(0.01)
    raise AssertionError(f"not on {cores} cores")

become(2)
"""

NESTED = """
@small_products
def inner():
    become(1)

@small_products
def outer():
    become(1)
    inner()
    sleep(0.1)
    become(1)

outer()
become(2)
outer()
become(2)
"""

REFUSED = """
@small_products
def refuse():
    become(1)
    raise ValueError

try:
    refuse()
except ValueError:
    become(2)
"""

#: Whoever ends first leaves one core to the other, and the last gives back; in other threads.
AT_ONCE = """
both_in, first_out = Barrier(2), Barrier(2)
seen = []

@small_products
def first():
    both_in.wait(10)

@small_products
def second():
    both_in.wait(10)
    first_out.wait(10)
    sleep(0.1)
    become(1)
    seen.append(True)

def begin():
    first()
    first_out.wait(10)

threads = [Thread(target=begin), Thread(target=second)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(20)
assert seen
become(2)
"""


@pytest.mark.parametrize("script", [NESTED, REFUSED, AT_ONCE], ids=["nested", "refused", "at once"])
def test_small_products_stay_on_one_core_until_the_last_of_them(script: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", BEGIN + script],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "2"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
