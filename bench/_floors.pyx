# cython: language_level=3
# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What each output of the codec costs at least: the same result made by plain C, with no schema behind it.

- :class:`ValueFloor` makes one decoded value again and again from a flat list of steps, reading no bits: what CPython's own
  dicts, lists, integers and strings cost.
- :class:`CoreFloor` walks a straight table of fields of fixed width, to columns of int64 or to JSON text: what the bits of
  a basic safety message cost when nothing is optional and nothing is asked.
- :func:`allocate` makes small objects: what a lazy view costs at least.

``bench/floors.py`` compiles this file into ``build/``, makes the tables and checks the results against the codec.
"""

from cython cimport freelist
from cpython.bytes cimport PyBytes_AS_STRING
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

cdef extern from "Python.h":
    # With bare pointers, so that Cython adds no counting of references that plain C would not have.
    PyObject* PyDict_New()
    int PyDict_SetItem(PyObject* into, PyObject* key, PyObject* item) except -1
    PyObject* PyList_New(Py_ssize_t size)
    void PyList_SET_ITEM(PyObject* into, Py_ssize_t place, PyObject* item)
    PyObject* PyTuple_New(Py_ssize_t size)
    void PyTuple_SET_ITEM(PyObject* into, Py_ssize_t place, PyObject* item)
    PyObject* PyLong_FromLong(long number)
    PyObject* PyBytes_FromStringAndSize(const char* content, Py_ssize_t size)
    PyObject* PyUnicode_New(Py_ssize_t size, Py_UCS4 widest)
    void* PyUnicode_1BYTE_DATA(PyObject* text)
    void Py_INCREF(PyObject* item)
    void Py_DECREF(PyObject* item)
    void Py_XDECREF(PyObject* item)

cdef extern from *:
    """
    /* Pre-sized is faster from six keys on, where a new dict would grow once: by 6 to 7 % of a whole BSM on CPython 3.11. A
       copy of a dict that has the keys is no faster there. CPython 3.13 took the pre-sized dict out of its public headers. */
    static inline PyObject *floor_new_dict(Py_ssize_t expected) {
    #if PY_VERSION_HEX < 0x030D0000
        return expected > 5 ? _PyDict_NewPresized(expected) : PyDict_New();
    #else
        (void)expected;
        return PyDict_New();
    #endif
    }
    """
    PyObject* floor_new_dict(Py_ssize_t expected)

cdef extern from *:
    """
    /* Its only use is its name, at which callgrind writes a dump: see bench/instructions.py. */
    static void __attribute__((noinline)) rsu_bench_mark(void) { __asm__ volatile(""); }
    """
    void rsu_bench_mark() noexcept


def mark():
    """A place between two counted runs."""
    rsu_bench_mark()


cpdef enum StepKind:  # the last three open a container, which END closes
    INTEGER
    OCTETS
    TEXT
    SHARED  # an object that the codec does not make either: a name of an item, a truth value
    END
    DICT
    LIST
    TUPLE

cpdef enum Place:
    ALONE
    IN_DICT
    IN_LIST
    IN_TUPLE

cdef enum:
    DEPTH_MAX = 64

cdef struct Step:
    int32_t kind
    int32_t into
    int64_t number      # the integer, or the size
    int64_t place       # in a list or tuple
    const char* octets
    PyObject* shared
    PyObject* key


cdef class ValueFloor:
    """Makes one value by running ``rows``: (kind, place in what, number, index, content, key)."""

    cdef Step* steps
    cdef Py_ssize_t count
    cdef list rows  # owns what the steps point to

    def __cinit__(self, list rows):
        cdef Step* step
        self.rows = rows
        self.count = len(rows)
        self.steps = <Step*>PyMem_Malloc(self.count * sizeof(Step))
        if self.steps is NULL:
            raise MemoryError()
        for index, row in enumerate(rows):
            step = &self.steps[<Py_ssize_t>index]
            step.kind, step.into, step.number, step.place = row[:4]
            content, key = row[4], row[5]
            if step.kind == OCTETS or step.kind == TEXT:
                step.octets = <bytes>content
            step.shared = <PyObject*>content
            step.key = <PyObject*>key

    def __dealloc__(self):
        PyMem_Free(self.steps)

    def build(self):
        """The value, new."""
        cdef PyObject* made = run_steps(self.steps, self.steps + self.count)
        value = <object>made
        Py_DECREF(made)
        return value


cdef PyObject* run_steps(Step* step, Step* last) except NULL:
    cdef PyObject* owners[DEPTH_MAX]
    cdef PyObject* owner = NULL
    cdef PyObject* root = NULL
    cdef PyObject* item
    cdef int depth = 0
    while step < last:
        if step.kind == END:
            depth -= 1
            owner = owners[depth]
            step += 1
            continue
        item = make_item(step)
        if item is NULL:
            Py_XDECREF(root)
            raise MemoryError()
        if step.into == IN_DICT:
            PyDict_SetItem(owner, step.key, item)
            Py_DECREF(item)
        elif step.into == IN_LIST:
            PyList_SET_ITEM(owner, step.place, item)
        elif step.into == IN_TUPLE:
            PyTuple_SET_ITEM(owner, step.place, item)
        else:
            root = item
        if step.kind > END:
            owners[depth] = owner
            depth += 1
            owner = item
        step += 1
    return root


cdef inline PyObject* make_item(Step* step) noexcept:
    cdef PyObject* item
    if step.kind == INTEGER:
        return PyLong_FromLong(step.number)
    elif step.kind == DICT:
        return floor_new_dict(step.number)
    elif step.kind == SHARED:
        Py_INCREF(step.shared)
        return step.shared
    elif step.kind == TUPLE:
        return PyTuple_New(step.number)
    elif step.kind == OCTETS:
        return PyBytes_FromStringAndSize(step.octets, step.number)
    elif step.kind == LIST:
        return PyList_New(step.number)
    item = PyUnicode_New(step.number, 127)
    if item is not NULL:
        memcpy(PyUnicode_1BYTE_DATA(item), step.octets, step.number)
    return item


include "_floors_core.pxi"


@freelist(8)
cdef class View:
    """As small as a lazy view can be: what it is of, and the octets; objects that were dropped are used again."""

    cdef object kind
    cdef object data


def allocate(object kind, object data, Py_ssize_t times):
    """Makes and drops ``times`` objects."""
    cdef View view
    for _ in range(times):
        view = View.__new__(View)
        view.kind = kind
        view.data = data
