# cython: language_level=3
# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""UPER engine: one interpreter for the op programs that :mod:`rsu._asn1.lower` makes (ITU-T X.691, unaligned).

Nothing here knows a message. A program is two tables of C structs (``ops.pxi``); a walker is a function over them. The
decoder (``decode.pxi``) reads through a :c:type:`Walk`, a bit cursor with the limits of this call; the encoder
(``encode.pxi``) writes through a :c:type:`Fill`. Other walkers (skip, columns, JSON) can share tables and cursor.

Invariants: before bits are read they were checked against ``end`` (``need``), so the cursor never leaves the buffer; before a
list is allocated its count was checked against the bits that remain and the element budget; each container takes one place
of the path, so recursion is bounded by ``max_depth``; a Walk or Fill lives on the C stack of one call.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_Check, PyDict_GetItemWithError, PyDict_SetItem, PyDict_Size
from cpython.list cimport PyList_Check, PyList_GET_ITEM, PyList_GET_SIZE, PyList_New, PyList_SET_ITEM
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_AsUnsignedLongLong, PyLong_Check, PyLong_FromLongLong
from cpython.long cimport PyLong_FromUnsignedLongLong
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport Py_EQ, PyObject, PyObject_RichCompareBool
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.tuple cimport PyTuple_Check, PyTuple_GET_ITEM, PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_Check
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy

import sys
from ast import literal_eval
from operator import index as as_index

from rsu import _scalars
from rsu.errors import DecodeError, EncodeError, Finding

include "_codec_parts/ops.pxi"
include "_codec_parts/reader.pxi"
include "_codec_parts/faults.pxi"
include "_codec_parts/decode_scalars.pxi"
include "_codec_parts/decode.pxi"
include "_codec_parts/writer.pxi"
include "_codec_parts/encode_scalars.pxi"
include "_codec_parts/encode.pxi"
include "_codec_parts/program.pxi"
