# Targets: the types under test, and the calls that each is checked with.

cdef enum:
    DECODE_CLOCK, ENCODE_CLOCK, FREE_CLOCK
    CLOCKS = 16

FIRST_CLOCK = FREE_CLOCK  # of the calls beside decode and encode


cdef extern from *:
    """
    /* The result of a call, or NULL and the error, taken from the interpreter: an except clause of Cython would add a frame to
       each traceback, and two inputs in three are refused. */
    static inline PyObject *fuzz_call(PyObject *call, PyObject *argument, PyObject **error) {
        PyObject *kind, *traceback, *result = PyObject_CallOneArg(call, argument);
        *error = NULL;
        if (result == NULL) {
            PyErr_Fetch(&kind, error, &traceback);
            PyErr_NormalizeException(&kind, error, &traceback);
            Py_XDECREF(kind);
            Py_XDECREF(traceback);
        }
        return result;
    }
    """
    PyObject* fuzz_call(object call, object argument, PyObject** error)


cdef inline object outcome(object call, object argument, PyObject** error):
    """What a call gives; where it raises, None, and the error with a reference of its own."""
    cdef PyObject* result = fuzz_call(call, argument, error)
    if result is NULL:
        return None
    given = <object>result
    Py_DECREF(given)
    return given


cdef inline object taken(PyObject* error):
    """The error of :func:`outcome`, or None."""
    if error is NULL:
        return None
    raised = <object>error
    Py_DECREF(raised)
    return raised


VERDICTS = ("same", "code", "sees-less", "own")  # of a check about what decoding refuses

cdef enum:
    SAME, CODE, SEES_LESS, OWN


cdef class Check:
    """One checked call of one type.

    :param clock: number of its clock.
    :param every: one of how many inputs it gets, BURST of them at a time.
    :param call: argument → result, or DecodeError.
    :param agree: (octets, decoded value, result) → what is wrong, or nothing; None where the result says nothing.
    :param prepare: octets → argument, or DecodeError; None where the octets are the argument.
    :param verdict: one of VERDICTS.
    :param timed: whether the clock runs.
    :param excuse: words in the reason of an error that the call may raise of its own; empty for none.
    """

    cdef int clock, verdict
    cdef uint64_t limit  # a roll up to it draws the call
    cdef object call, agree, prepare
    cdef bint timed
    cdef readonly str name, excuse

    def __init__(
        self, str name, int clock, int64_t every, call, agree=None, prepare=None, str verdict="same", bint timed=True,
        str excuse="",
    ):
        if not FREE_CLOCK <= clock < CLOCKS:
            raise ValueError(f"clock {clock} of {name}: must be {FREE_CLOCK}..{CLOCKS - 1}")
        if every < 1:
            raise ValueError(f"one of {every} inputs for {name}: must be 1 or more")
        self.name, self.clock, self.call, self.agree, self.prepare = name, clock, call, agree, prepare
        self.verdict, self.timed = VERDICTS.index(verdict), timed
        self.excuse = excuse
        self.limit = ~<uint64_t>0 // <uint64_t>every


cdef class Target:
    """One type: where it stands in the counts, and its calls."""

    cdef readonly str standard, type_name
    cdef readonly tuple checks
    cdef int64_t row
    cdef object decode, encode

    def __init__(self, str standard, int row, str type_name, decode, encode, tuple checks):
        if row < 0:
            raise ValueError(f"row {row}")
        self.standard, self.row, self.type_name, self.checks = standard, row, type_name, checks
        self.decode, self.encode = decode, encode
