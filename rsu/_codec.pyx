# cython: language_level=3
# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""UPER engine: one interpreter for the op programs that :mod:`rsu._asn1.lower` makes (ITU-T X.691, unaligned).

Nothing here knows a message. A program is three tables of C structs; a walker is a set of functions over them, one for each
kind of op that has members and a dispatch. All walkers that read share one cursor and its rules of what is allowed:

===================  =========================================================================================
``ops.pxi``          the tables: ops, members, rows of open types
``reader.pxi``       :c:type:`Walk`: the cursor, with the limits of this call; bits, lengths, counts, padding
``faults.pxi``       what can be wrong, as numbers for walkers without the GIL and as words for people
``windows.pxi``      open types, extension bitmaps, ids that choose open types; for walkers without the GIL
``decode*.pxi``      bits → Python values, and spans for the tracer
``skip.pxi``         past a value with every check that decoding makes, without the GIL
``json*.pxi``        bits → JSON text by X.697, without the GIL; :c:type:`Text` is the output
``writer.pxi``       :c:type:`Fill`: the encoder's output
``encode*.pxi``      Python values → bits
``from_json.pxi``    JSON → Python values
``script.pxi``       text prepared for JSON: names, DEFAULT values
``layout.pxi``       members by name, widths of types that have one
``program.pxi``      the tables filled from :class:`rsu._asn1.lower.Lowered`; one call of each walker
``locate*.pxi``      where the parts of a SEQUENCE or list are, found once
``view*.pxi``        :class:`MessageView`: a message that is read a field at a time
``peek.pxi``         a few fields by a plan, in one walk that ends with the last of them
``peek_plan.pxi``    paths made into such a plan
``patch.pxi``        fixed-width fields of an encoding written in place
``entry.pxi``        what Python calls
``plan.pxi``         a projection as tables
``rows.pxi``         rows of cells; ``cells.pxi``, ``straight.pxi``, ``runs.pxi``: values into them
``columns.pxi``      a message along a plan, without the GIL; ``batch.pxi``: many of them
``arrow*.pxi``       Arrow's C data interface, out and in
===================  =========================================================================================

A walker agrees with every other about what a message is, where it stops making sense and what is said of it; a test holds that
for all types. CONTRIBUTING tells how to add one.

Invariants: before bits are read they were checked against ``end`` (``need``), so the cursor never leaves the buffer; before a
list is allocated its count was checked against the bits that remain and the element budget; each container takes one place
of the path, so recursion is bounded by ``max_depth``; a Walk, Text or Fill lives on the C stack of one call.
"""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_Check, PyDict_GetItemWithError, PyDict_SetItem, PyDict_Size
from cpython.list cimport PyList_Check, PyList_GET_ITEM, PyList_GET_SIZE, PyList_New, PyList_SET_ITEM
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_AsUnsignedLongLong, PyLong_Check, PyLong_FromLongLong
from cpython.long cimport PyLong_FromUnsignedLongLong
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport Py_EQ, PyObject, PyObject_GenericGetAttr, PyObject_RichCompareBool
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.tuple cimport PyTuple_Check, PyTuple_GET_ITEM, PyTuple_GET_SIZE
from cpython.unicode cimport PyUnicode_1BYTE_DATA, PyUnicode_Check
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memset

import sys
from ast import literal_eval
from binascii import unhexlify
from operator import index as as_index

import msgspec

from rsu import _scalars
from rsu._paths import path_steps
from rsu.errors import DecodeError, EncodeError, Finding, SchemaError

include "_codec_parts/ops.pxi"
include "_codec_parts/reader.pxi"
include "_codec_parts/faults.pxi"
include "_codec_parts/decode_scalars.pxi"
include "_codec_parts/decode.pxi"
include "_codec_parts/windows.pxi"
include "_codec_parts/skip.pxi"
include "_codec_parts/json_text.pxi"
include "_codec_parts/json_runs.pxi"
include "_codec_parts/json_kinds.pxi"
include "_codec_parts/json.pxi"
include "_codec_parts/writer.pxi"
include "_codec_parts/encode_scalars.pxi"
include "_codec_parts/encode.pxi"
include "_codec_parts/from_json.pxi"
include "_codec_parts/script.pxi"
include "_codec_parts/layout.pxi"
include "_codec_parts/program.pxi"
include "_codec_parts/plan.pxi"
include "_codec_parts/rows.pxi"
include "_codec_parts/cells.pxi"
include "_codec_parts/straight.pxi"
include "_codec_parts/runs.pxi"
include "_codec_parts/columns.pxi"
include "_codec_parts/locate.pxi"
include "_codec_parts/locate_list.pxi"
include "_codec_parts/view.pxi"
include "_codec_parts/view_parts.pxi"
include "_codec_parts/peek.pxi"
include "_codec_parts/peek_plan.pxi"
include "_codec_parts/patch.pxi"
include "_codec_parts/entry.pxi"
include "_codec_parts/batch.pxi"
include "_codec_parts/arrow.pxi"
include "_codec_parts/arrow_in.pxi"
