# cython: language_level=3
# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Mutator and driver of the fuzzer, compiled because 10^8 inputs are wanted and Python makes 10^4 of them a second.

An input begins as a copy of a seed: a message together with the bit ranges that ``Schema.trace`` names. One to four changes of
``mutate.pxi`` are made to it at those ranges, and ``drive.pxi`` hands it to every checked call of its type. Nothing here reads
the codec's inside: what is called are the methods that users call. A run is a function of its number and the codec's answers;
time only decides when it ends.

Invariants: a buffer has CAPACITY octets and SLACK behind them, so that eight octets can be loaded at any place of a message;
each change checks what it adds against CAPACITY and else does nothing.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.ref cimport Py_DECREF, PyObject
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memcpy
from posix.time cimport CLOCK_MONOTONIC, CLOCK_THREAD_CPUTIME_ID, clock_gettime, timespec

from rsu.errors import DecodeError, RsuError

include "_parts/bits.pxi"
include "_parts/seeds.pxi"
include "_parts/mutate.pxi"
include "_parts/targets.pxi"
include "_parts/drive.pxi"
