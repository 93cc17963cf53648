# The encoder's output: bits, lengths, open types, errors.

cdef enum:
    FIRST_CAPACITY = 1024  # octets on the stack; a larger message moves to the heap
    STORE_MARGIN = 24      # octets past the cursor that a store of 64 bits and an open type's head may touch
    OPEN_GAP = 24          # octets between an open type's place and where its content is written first

cdef struct Fill:
    uint8_t* data
    int64_t capacity
    int64_t pos           # bits
    bint owned            # data is from malloc
    Op* ops
    Member* members
    PyObject** names
    PyObject** objects
    PyObject* program
    PyObject* type_name
    int depth
    bint checks
    int32_t path[MAX_DEPTH]


cdef int refuse(Fill* f, object code, object reason) except -1:
    """Raises EncodeError for the place that the encoder is at."""
    raise EncodeError(reason, code, path_text(f.path, f.depth, f.names), f.pos, <object>f.type_name)


cdef int refuse_type(Fill* f, object wanted, object given) except -1:
    return refuse(f, "type", f"{wanted} is needed, {type(given).__name__} is given")


cdef int grow(Fill* f, int64_t bits) except -1:
    cdef int64_t capacity = 2 * f.capacity + (bits >> 3) + STORE_MARGIN
    cdef uint8_t* data
    if f.owned:
        data = <uint8_t*>realloc(f.data, capacity)
    else:
        data = <uint8_t*>malloc(capacity)
        if data is not NULL:
            memcpy(data, f.data, f.capacity)
    if data is NULL:
        raise MemoryError()
    f.data = data
    f.capacity = capacity
    f.owned = True
    return 0


cdef inline int reserve(Fill* f, int64_t bits) except -1:
    if ((f.pos + bits) >> 3) + STORE_MARGIN > f.capacity:
        return grow(f, bits)
    return 0


cdef inline void store64(uint8_t* p, uint64_t word) noexcept nogil:
    p[0] = <uint8_t>(word >> 56)
    p[1] = <uint8_t>(word >> 48)
    p[2] = <uint8_t>(word >> 40)
    p[3] = <uint8_t>(word >> 32)
    p[4] = <uint8_t>(word >> 24)
    p[5] = <uint8_t>(word >> 16)
    p[6] = <uint8_t>(word >> 8)
    p[7] = <uint8_t>word


cdef inline void put_reserved(Fill* f, uint64_t value, int count) noexcept nogil:
    """``count`` bits (1..57) behind the cursor; everything after them in the next octets becomes zero."""
    cdef uint8_t* p = f.data + (f.pos >> 3)
    cdef int skip = f.pos & 7
    cdef uint64_t head = (<uint64_t>(p[0] & <uint8_t>(0xFF00 >> skip))) << 56
    store64(p, head | value << (64 - skip - count))
    f.pos += count


cdef inline int put(Fill* f, uint64_t value, int count) except -1:
    """``count`` bits (0..64); ``value`` is below 2**count."""
    reserve(f, count)
    if count > 56:
        put_reserved(f, value >> 32, count - 32)
        put_reserved(f, value & 0xFFFFFFFF, 32)
    elif count:
        put_reserved(f, value, count)
    return 0


cdef int put_bits(Fill* f, const uint8_t* source, int64_t bits) except -1:
    """``bits`` bits of a left-aligned string."""
    cdef int64_t place = 0
    cdef int64_t whole = bits >> 3
    reserve(f, bits)
    if f.pos & 7 == 0:
        memcpy(f.data + (f.pos >> 3), source, whole)
        f.pos += 8 * whole
        place = whole
    while place + 7 <= whole:
        put_reserved(f, load64_short(source + place), 56)
        place += 7
    while place < whole:
        put_reserved(f, source[place], 8)
        place += 1
    if bits & 7:
        put_reserved(f, source[whole] >> (8 - (bits & 7)), bits & 7)
    return 0


cdef inline uint64_t load64_short(const uint8_t* p) noexcept nogil:
    """Seven octets as one number."""
    return (
        (<uint64_t>p[0] << 48) | (<uint64_t>p[1] << 40) | (<uint64_t>p[2] << 32) | (<uint64_t>p[3] << 24)
        | (<uint64_t>p[4] << 16) | (<uint64_t>p[5] << 8) | <uint64_t>p[6]
    )


cdef inline int set_bit(Fill* f, int64_t place) except -1:
    f.data[place >> 3] |= <uint8_t>(0x80 >> (place & 7))
    return 0


cdef int put_length(Fill* f, int64_t length) except -1:
    """A general length below 16 K."""
    if length < 128:
        return put(f, length, 8)
    return put(f, 0x8000 | length, 16)


cdef int put_pieces(Fill* f, const uint8_t* source, int64_t length, int unit) except -1:
    """A string behind its general length, in fragments from 16 K on; ``unit`` is 8 or 1 bits."""
    cdef int64_t done = 0, piece
    while length - done >= FRAGMENT:
        piece = min((length - done) // FRAGMENT, 4)
        put(f, 0xC0 | piece, 8)
        put_bits(f, source + (done * unit >> 3), piece * FRAGMENT * unit)
        done += piece * FRAGMENT
    put_length(f, length - done)
    return put_bits(f, source + (done * unit >> 3), (length - done) * unit)


cdef int put_open(Fill* f, bytes content) except -1:
    return put_pieces(f, <const uint8_t*>PyBytes_AS_STRING(content), PyBytes_GET_SIZE(content), 8)


cdef int put_small(Fill* f, int64_t value) except -1:
    """A normally small non-negative number."""
    cdef int octets = 1
    if value < 64:
        return put(f, value, 7)
    while value >> (8 * octets):
        octets += 1
    put(f, 0x100 | octets, 9)
    return put(f, value, 8 * octets)


cdef inline int64_t open_begin(Fill* f) except -1:
    """Starts an open type: its content is written octet-aligned some octets ahead of its place."""
    cdef int64_t start = f.pos
    reserve(f, 8 * (OPEN_GAP + 1))
    f.pos = ((start >> 3) + OPEN_GAP) << 3
    f.data[f.pos >> 3] = 0
    return start


cdef int open_end(Fill* f, int64_t start) except -1:
    """Moves the content behind its length; no bits travel as one zero octet."""
    cdef int64_t source = (start >> 3) + OPEN_GAP
    cdef int64_t count = (f.pos + 7 - 8 * source) >> 3
    cdef int64_t place = 0
    cdef bytes copy
    if count == 0:
        count = 1
    if count >= FRAGMENT:
        copy = PyBytes_FromStringAndSize(<char*>f.data + source, count)
        f.pos = start
        return put_open(f, copy)
    f.pos = start
    put_length(f, count)
    while place + 7 <= count:  # each store ends before the octets still to be read: OPEN_GAP is wider than it
        put_reserved(f, load64_short(f.data + source + place), 56)
        place += 7
    while place < count:
        put_reserved(f, f.data[source + place], 8)
        place += 1
    return 0


cdef inline int step_in(Fill* f) except -1:
    """Takes a place of the path; returns it."""
    if f.depth >= MAX_DEPTH - 1:
        return refuse(f, "depth", f"more than {MAX_DEPTH - 1} levels")
    f.path[f.depth] = NO_NAME
    f.depth += 1
    return f.depth - 1
