# What can be wrong with bits, as numbers: a walker without the GIL stops with one, and only the edge makes words of it.

cdef enum:  # what a and b are stands in the table below
    NO_FAULT
    RAISED  # a Python exception, kept in Walk.error
    TRUNCATED, RANGE, RANGE_UNSIGNED, ALTERNATIVE, ITEM, SIZE_BELOW, SIZE_ABOVE, SIZE_IN_ROOT
    LONG_LENGTH, FRAGMENT_SIZE, SHORT_FRAGMENT, SMALL_OCTETS, SMALL_LONG, NO_INTEGER, LONG_INTEGER
    EMPTY_BITMAP, LONG_BITMAP, EMPTY_GROUP, EMPTY_OPEN, PART_OCTETS
    NO_OCTET, NO_OCTET_INSIDE, SURPLUS, SURPLUS_INSIDE, PADDING_SET, PADDING_SET_EMPTY
    TOO_DEEP, TOO_MANY, TOO_FEW_BITS, ZERO_TAIL

FAULTS = {  # fault → error code, reason with a and b
    TRUNCATED: ("truncated", "needs {a} bits, {b} remain"),
    RANGE: ("range", "{a} is above {b}"),
    RANGE_UNSIGNED: ("range", "{a} is above {b}"),
    ALTERNATIVE: ("index", "alternative {a} of a CHOICE that has {b}"),
    ITEM: ("index", "item {a} of an ENUMERATED that has {b}"),
    SIZE_BELOW: ("size", "size {a} is below {b}"),
    SIZE_ABOVE: ("size", "size {a} is above {b}"),
    SIZE_IN_ROOT: ("non-minimal", "size {a} travels as an extension and is in the root range"),
    LONG_LENGTH: ("non-minimal", "length {a} in two octets"),
    FRAGMENT_SIZE: ("length", "fragment of {a} times 16 K; 1 to 4 are allowed"),
    SHORT_FRAGMENT: ("non-minimal", "fragment after one of {a} times 16 K"),
    SMALL_OCTETS: ("length", "a small number of {a} octets; 1 to {b} are allowed"),
    SMALL_LONG: ("non-minimal", "small number {a} in {b} octets"),
    NO_INTEGER: ("length", "an INTEGER of no octets"),
    LONG_INTEGER: ("non-minimal", "an INTEGER in {a} octets that needs fewer"),
    EMPTY_BITMAP: ("length", "an extension bitmap of no bits"),
    LONG_BITMAP: ("non-minimal", "extension bitmap of {a} bits in the long form"),
    EMPTY_GROUP: ("non-minimal", "an extension group without any component"),
    EMPTY_OPEN: ("open-type", "an open type has at least one octet"),
    PART_OCTETS: ("open-type", "{a} bits are no complete encoding, which has whole octets"),
    NO_OCTET: ("trailing", "a type of no bits is one zero octet, none is there"),
    NO_OCTET_INSIDE: ("open-type", "a type of no bits is one zero octet, none is there"),
    SURPLUS: ("trailing", "{a} octets after the value"),
    SURPLUS_INSIDE: ("open-type", "{a} octets after the value"),
    PADDING_SET: ("padding", "padding bits are not zero"),
    PADDING_SET_EMPTY: ("padding", "the octet of a type of no bits is not zero"),
    TOO_DEEP: ("depth", "more than {a} levels"),
    TOO_MANY: ("elements", "{a} more elements pass the limit of this message"),
    TOO_FEW_BITS: ("truncated", "{a} elements need {b} bits, {left} remain"),
    ZERO_TAIL: ("non-minimal", "trailing zero bits of a BIT STRING with named bits"),
}


cdef object fault_reason(Walk* w, int fault, int64_t a, int64_t b):
    """Words for people."""
    template = FAULTS[fault][1]
    if fault == RANGE_UNSIGNED:
        return template.format(a=<uint64_t>a, b=<uint64_t>b)
    return template.format(a=a, b=b, left=w.fault_left)


cdef object path_text(int32_t* path, int depth, PyObject** names):
    """The dotted path of the places taken so far."""
    cdef int place
    parts = []
    for place in range(depth):
        if path[place] == NO_NAME:
            continue
        if path[place] < 0:
            parts.append(f"[{-1 - path[place]}]")
        else:
            parts.append(f".{<object>names[path[place]]}" if parts else <object>names[path[place]])
    return "".join(parts)


cdef object place_text(Walk* w):
    return path_text(w.path, w.depth, w.names)


cdef int raise_fault(Walk* w) except -1:
    """The fault that a walker stopped with, as an exception."""
    if w.fault == RAISED:
        error = <object>w.error
        drop_fault(w)
        raise error
    raise DecodeError(
        fault_reason(w, w.fault, w.fault_a, w.fault_b), FAULTS[w.fault][0], place_text(w), w.base + w.pos, <object>w.type_name
    )


cdef inline int64_t checked(Walk* w, int64_t result) except -1:
    """What a reader gave; its fault becomes an exception."""
    if result < 0:
        raise_fault(w)
    return result


cdef int fail(Walk* w, object code, object reason) except -1:
    """Raises DecodeError for the place that the cursor is at."""
    raise DecodeError(reason, code, place_text(w), w.base + w.pos, <object>w.type_name)


cdef int object_to(Walk* w, object code, object reason) except -1:
    """As :c:func:`complain` for what only Python sees: an error in strict mode, a finding in relaxed mode."""
    if w.strict:
        return fail(w, code, reason)
    return remark(w, code, reason)


cdef int remark(Walk* w, object code, object reason) except -1:
    """A finding for the caller's list."""
    if w.findings is not NULL and w.findings_left >= 0:
        add_finding(w, code, place_text(w), w.base + w.pos, reason)
    return 0


cdef int add_finding(Walk* w, object code, object path, int64_t offset, object reason) except -1:
    """Up to the bound, and one more that tells of it."""
    if w.findings_left > 0:
        (<list>w.findings).append(Finding(code, path, offset, reason))
    elif w.findings_left == 0:
        more = Finding("findings", path, offset, f"more than {MAX_FINDINGS} findings: the others are not told")
        (<list>w.findings).append(more)
    w.findings_left -= 1
    return 0


cdef inline int stop(Walk* w, int fault, int64_t a, int64_t b) noexcept nogil:
    """Notes why the walk ends; cursor and path stay where they are."""
    w.fault = fault
    w.fault_a = a
    w.fault_b = b
    w.fault_left = w.end - w.pos
    return -1


cdef int complain(Walk* w, int fault, int64_t a, int64_t b) noexcept nogil:
    """A fault in strict mode, a finding in relaxed mode."""
    if w.strict:
        return stop(w, fault, a, b)
    if w.findings is not NULL:
        return remark_fault(w, fault, a, b)
    return 0


cdef int remark_fault(Walk* w, int fault, int64_t a, int64_t b) noexcept with gil:
    try:
        return remark(w, FAULTS[fault][0], fault_reason(w, fault, a, b))
    except BaseException as error:
        return keep_error(w, error)


cdef int keep_error(Walk* w, object error) noexcept:
    """An exception raised on behalf of a walker without the GIL."""
    Py_INCREF(error)
    w.error = <PyObject*>error
    return stop(w, RAISED, 0, 0)


cdef int drop_fault(Walk* w) noexcept:
    """Forgets the fault."""
    if w.fault == RAISED:
        Py_DECREF(<object>w.error)
        w.error = NULL
    w.fault = NO_FAULT
    return 0
