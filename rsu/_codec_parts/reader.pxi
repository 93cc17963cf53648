# The decoder's cursor: bits, lengths, errors.

cdef struct Walk:
    const uint8_t* data
    int64_t pos, end      # bits
    int64_t octets        # octets that may be loaded from data
    int64_t base          # bit offset of data in the whole message, for errors
    int64_t elements      # list elements still allowed
    Op* ops
    Member* members
    PyObject** names
    PyObject** objects
    PyObject* program
    PyObject* findings    # a list, or NULL
    PyObject* spans       # a list while tracing, or NULL
    PyObject* type_name
    int depth, max_depth
    bint strict, open_types, checks
    int32_t path[MAX_DEPTH]


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


cdef int fail(Walk* w, object code, object reason) except -1:
    """Raises DecodeError for the place that the cursor is at."""
    raise DecodeError(
        reason, code, path_text(w.path, w.depth, w.names), w.base + w.pos, <object>w.type_name
    )


cdef int complain(Walk* w, object code, object reason) except -1:
    """An error in strict mode, a finding in relaxed mode."""
    if w.strict:
        return fail(w, code, reason)
    return remark(w, code, reason)


cdef int remark(Walk* w, object code, object reason) except -1:
    """A finding for the caller's list."""
    if w.findings is not NULL:
        (<list>w.findings).append(Finding(code, path_text(w.path, w.depth, w.names), w.base + w.pos, reason))
    return 0


cdef int mark(Walk* w, int64_t start, object role, int32_t op, object value) except -1:
    """A span for the tracer: bits from ``start`` to the cursor."""
    if w.pos > start:
        (<list>w.spans).append(
            (path_text(w.path, w.depth, w.names), w.base + start, w.pos - start, role, op, value)
        )
    return 0


cdef int truncated(Walk* w, int64_t wanted) except -1:
    return fail(w, "truncated", f"needs {wanted} bits, {w.end - w.pos} remain")


cdef inline int need(Walk* w, int64_t wanted) except -1:
    if wanted > w.end - w.pos:
        return truncated(w, wanted)
    return 0


cdef inline uint64_t load64(const uint8_t* p) noexcept nogil:
    return (
        (<uint64_t>p[0] << 56) | (<uint64_t>p[1] << 48) | (<uint64_t>p[2] << 40) | (<uint64_t>p[3] << 32)
        | (<uint64_t>p[4] << 24) | (<uint64_t>p[5] << 16) | (<uint64_t>p[6] << 8) | <uint64_t>p[7]
    )


cdef uint64_t load_tail(const uint8_t* p, int64_t count) noexcept nogil:
    cdef uint64_t word = 0
    cdef int64_t place
    for place in range(count):
        word |= <uint64_t>p[place] << (56 - 8 * place)
    return word


cdef inline uint64_t peek(Walk* w, int count) noexcept nogil:
    """``count`` bits (1..64) at the cursor, which ``need`` has checked."""
    cdef int64_t place = w.pos >> 3
    cdef int skip = w.pos & 7
    cdef uint64_t word
    if place + 8 <= w.octets:
        word = load64(w.data + place) << skip
        if skip + count > 64:
            word |= w.data[place + 8] >> (8 - skip)
    else:
        word = load_tail(w.data + place, w.octets - place) << skip
    return word >> (64 - count)


cdef inline int take_bit(Walk* w) except -1:
    cdef int bit
    need(w, 1)
    bit = (w.data[w.pos >> 3] >> (7 - (w.pos & 7))) & 1
    w.pos += 1
    return bit


cdef inline bint bit_at(const uint8_t* data, int64_t place) noexcept nogil:
    return (data[place >> 3] >> (7 - (place & 7))) & 1


cdef int take_octets(Walk* w, uint8_t* into, int64_t bits) except -1:
    """Copies ``bits`` bits to ``into``, left-aligned; the last octet's free bits become zero."""
    cdef int64_t count = (bits + 7) >> 3
    cdef int64_t place, source = w.pos >> 3
    cdef int skip = w.pos & 7
    need(w, bits)
    if skip == 0:
        memcpy(into, w.data + source, count)
    else:
        for place in range(count):
            into[place] = <uint8_t>(w.data[source + place] << skip)
            if source + place + 1 < w.octets:
                into[place] |= w.data[source + place + 1] >> (8 - skip)
    if bits & 7:
        into[count - 1] &= <uint8_t>(0xFF00 >> (bits & 7))
    w.pos += bits
    return 0


cdef int64_t take_length(Walk* w, int* pieces) except -1:
    """A general length (X.691 11.9). ``pieces`` is 0 for a whole length, else the multiple of 16 K of a fragment.

    On entry ``pieces`` is the multiple of the fragment before, 0 at the start.
    """
    cdef uint64_t first
    cdef int before = pieces[0]
    pieces[0] = 0
    need(w, 8)
    first = peek(w, 8)
    if first < 128:
        w.pos += 8
        return <int64_t>first
    if first < 192:
        need(w, 16)
        first = peek(w, 16) & 0x3FFF
        if first < 128:
            complain(w, "non-minimal", f"length {first} in two octets")
        w.pos += 16
        return <int64_t>first
    first &= 0x3F
    if first < 1 or first > 4:
        return fail(w, "length", f"fragment of {first} times 16 K; 1 to 4 are allowed")
    if before and before < 4:
        complain(w, "non-minimal", f"fragment after one of {before} times 16 K")
    w.pos += 8
    pieces[0] = <int>first
    return <int64_t>first * FRAGMENT


cdef int64_t take_small(Walk* w) except -1:
    """A normally small non-negative number (X.691 11.6)."""
    cdef int64_t count, value
    cdef int pieces = 0
    if not take_bit(w):
        need(w, 6)
        value = <int64_t>peek(w, 6)
        w.pos += 6
        return value
    count = take_length(w, &pieces)
    if pieces or count < 1 or count > MAX_SMALL_OCTETS:
        return fail(w, "length", f"a small number of {count} octets; 1 to {MAX_SMALL_OCTETS} are allowed")
    need(w, 8 * count)
    value = <int64_t>peek(w, <int>(8 * count))
    if value < 64 or (count > 1 and value >> (8 * (count - 1)) == 0):
        complain(w, "non-minimal", f"small number {value} in {count} octets")
    w.pos += 8 * count
    return value


cdef object take_pieces(Walk* w, int unit, int64_t length, int pieces):
    """Octets of a string whose first length was read: ``unit`` bits for each of ``length``, more fragments after it."""
    cdef int64_t total = length
    cdef object out
    cdef bytes piece
    if not pieces:
        return take_string(w, length * unit), total
    out = bytearray()
    while True:
        piece = take_string(w, length * unit)
        out += piece
        if not pieces:
            return bytes(out), total
        length = take_length(w, &pieces)
        total += length


cdef bytes take_string(Walk* w, int64_t bits):
    cdef bytes out
    need(w, bits)
    out = PyBytes_FromStringAndSize(NULL, (bits + 7) >> 3)
    take_octets(w, <uint8_t*>PyBytes_AS_STRING(out), bits)
    return out


cdef bytes take_open(Walk* w):
    """The octets of an open type (X.691 11.2)."""
    cdef int pieces = 0
    cdef int64_t length = take_length(w, &pieces)
    return take_pieces(w, 8, length, pieces)[0]


cdef bytes take_raw(Walk* w):
    """The octets of an open type that stays octets."""
    cdef int64_t start = w.pos
    cdef bytes octets = take_open(w)
    if PyBytes_GET_SIZE(octets) == 0:
        complain(w, "open-type", "an open type has at least one octet")
    if w.spans is not NULL:
        mark(w, start, "raw", -1, octets)
    return octets


cdef inline int enter(Walk* w) except -1:
    """Takes a place of the path; returns it."""
    if w.depth >= w.max_depth:
        return fail(w, "depth", f"more than {w.max_depth} levels")
    w.path[w.depth] = NO_NAME
    w.depth += 1
    return w.depth - 1


cdef int close_window(Walk* w, int64_t start, object code) except -1:
    """Checks what is left between the cursor and ``end``: padding of less than an octet, all zero."""
    cdef int64_t left = w.end - w.pos
    cdef int64_t free_bits = w.pos
    cdef int64_t begin = w.pos
    if w.pos == start:  # no bits at all travel as one zero octet (X.691 11.1, 11.2)
        if left < 8:
            return complain(w, code, "a type of no bits is one zero octet, none is there")
        begin += 8
        left -= 8
        if peek_zero(w, w.pos, 8) != 0:
            complain(w, "padding", "the octet of a type of no bits is not zero")
    if left >= 8:
        complain(w, code, f"{left // 8} octets after the value")
    elif left and peek_zero(w, begin, left) != 0:
        complain(w, "padding", "padding bits are not zero")
    if w.spans is not NULL:
        w.pos = w.end
        mark(w, free_bits, "padding", -1, None)
    return 0


cdef int peek_zero(Walk* w, int64_t place, int64_t count) noexcept nogil:
    """1 if any of the bits is set."""
    cdef int64_t index
    for index in range(place, place + count):
        if bit_at(w.data, index):
            return 1
    return 0
