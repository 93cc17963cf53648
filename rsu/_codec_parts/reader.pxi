# The decoders' cursor: bits, lengths, windows. No function here touches a Python object; each gives -1 for a fault.

cdef struct Walk:
    const uint8_t* data
    int64_t pos, end      # bits
    int64_t octets        # octets that may be loaded from data
    int64_t base          # bit offset of data in the whole message, for errors
    int64_t elements      # list elements still allowed
    Op* ops
    Member* members
    Row* rows
    PyObject** names
    PyObject** objects
    PyObject* findings    # a list, or NULL
    int64_t findings_left  # how many more of them are told, below 0: none
    PyObject* spans       # a list while tracing, or NULL
    PyObject* type_name
    PyObject* error       # owned while fault is RAISED
    int64_t fault_a, fault_b, fault_left  # left: bits that remained
    int fault             # faults.pxi
    int depth, max_depth
    bint strict, open_types, checks
    int32_t path[MAX_DEPTH]


cdef inline int need(Walk* w, int64_t wanted) noexcept nogil:
    if wanted > w.end - w.pos:
        return stop(w, TRUNCATED, wanted, w.end - w.pos)
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
    elif w.octets >= 8:  # the last eight octets, what lies before the place shifted out
        word = load64(w.data + w.octets - 8) << (8 * (place + 8 - w.octets) + skip)
    else:
        word = load_tail(w.data + place, w.octets - place) << skip
    return word >> (64 - count)


cdef inline int take_bit(Walk* w) noexcept nogil:
    cdef int bit
    if need(w, 1) < 0:
        return -1
    bit = (w.data[w.pos >> 3] >> (7 - (w.pos & 7))) & 1
    w.pos += 1
    return bit


cdef inline bint bit_at(const uint8_t* data, int64_t place) noexcept nogil:
    return (data[place >> 3] >> (7 - (place & 7))) & 1


cdef void copy_bits(Walk* w, uint8_t* into, int64_t bits) noexcept nogil:
    """Takes ``bits`` bits, which ``need`` has checked, left-aligned; the last octet's free bits become zero."""
    cdef int64_t count = (bits + 7) >> 3
    cdef int64_t place, source = w.pos >> 3
    cdef int skip = w.pos & 7
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


cdef int64_t take_length(Walk* w, int* pieces) noexcept nogil:
    """A general length (X.691 11.9). ``pieces`` is 0 for a whole length, else the multiple of 16 K of a fragment.

    On entry ``pieces`` is the multiple of the fragment before, 0 at the start.
    """
    cdef int64_t first
    cdef int before = pieces[0]
    pieces[0] = 0
    if need(w, 8) < 0:
        return -1
    first = <int64_t>peek(w, 8)
    if first < 128:
        w.pos += 8
        return first
    if first < 192:
        if need(w, 16) < 0:
            return -1
        first = <int64_t>(peek(w, 16) & 0x3FFF)
        if first < 128 and complain(w, LONG_LENGTH, first, 0) < 0:
            return -1
        w.pos += 16
        return first
    first &= 0x3F
    if first < 1 or first > 4:
        return stop(w, FRAGMENT_SIZE, first, 0)
    if before and before < 4 and complain(w, SHORT_FRAGMENT, before, 0) < 0:
        return -1
    w.pos += 8
    pieces[0] = <int>first
    return first * FRAGMENT


cdef int64_t take_small(Walk* w) noexcept nogil:
    """A normally small non-negative number (X.691 11.6)."""
    cdef int64_t count, value
    cdef int pieces = 0, long_form = take_bit(w)
    if long_form < 0:
        return -1
    if not long_form:
        if need(w, 6) < 0:
            return -1
        value = <int64_t>peek(w, 6)
        w.pos += 6
        return value
    count = take_length(w, &pieces)
    if count < 0:
        return -1
    if pieces or count < 1 or count > MAX_SMALL_OCTETS:
        return stop(w, SMALL_OCTETS, count, MAX_SMALL_OCTETS)
    if need(w, 8 * count) < 0:
        return -1
    value = <int64_t>peek(w, <int>(8 * count))
    if value < 64 or (count > 1 and value >> (8 * (count - 1)) == 0):
        if complain(w, SMALL_LONG, value, count) < 0:
            return -1
    w.pos += 8 * count
    return value


cdef int64_t take_bitmap_size(Walk* w, int* pieces) noexcept nogil:
    """The number of bits of an extension bitmap: a normally small length (X.691 11.9.3.4)."""
    cdef int64_t count
    cdef int long_form = take_bit(w)
    pieces[0] = 0
    if long_form < 0:
        return -1
    if not long_form:
        if need(w, 6) < 0:
            return -1
        count = <int64_t>peek(w, 6) + 1
        w.pos += 6
        return count
    count = take_length(w, pieces)
    if count == 0:
        return stop(w, EMPTY_BITMAP, 0, 0)
    if 0 < count <= 64 and complain(w, LONG_BITMAP, count, 0) < 0:
        return -1
    return count


cdef int64_t take_count(Walk* w, Op* op, int* pieces) noexcept nogil:
    """How many units a sized type has; ``pieces`` tells whether fragments follow."""
    cdef int64_t count
    cdef int extended = 0
    pieces[0] = 0
    if op.flags & EXT:
        extended = take_bit(w)
    if extended:
        count = take_length(w, pieces) if extended > 0 else -1
        if count >= op.lo and not pieces[0] and (op.span == <uint64_t>-1 or <uint64_t>(count - op.lo) <= op.span):
            return count if complain(w, SIZE_IN_ROOT, count, 0) == 0 else -1
        return count
    if op.span == <uint64_t>-1:
        count = take_length(w, pieces)
        if 0 <= count < op.lo and not pieces[0]:
            return stop(w, SIZE_BELOW, count, op.lo)
        if op.code != CHARSTR and op.c >= 0 and count > op.c:
            return stop(w, SIZE_ABOVE, count, op.c)
        return count
    if not op.bits:
        return op.lo
    if need(w, op.bits) < 0:
        return -1
    count = <int64_t>peek(w, op.bits)
    if <uint64_t>count > op.span:
        return stop(w, SIZE_ABOVE, count + op.lo, op.lo + <int64_t>op.span)
    w.pos += op.bits
    return count + op.lo


cdef inline int64_t take_place(Walk* w, Op* op, bint* beyond) noexcept nogil:
    """A place among the alternatives of a CHOICE or the items of an ENUMERATED; ``beyond``: of an addition unknown here."""
    cdef int64_t place = 0
    cdef int more = take_bit(w) if op.flags & EXT else 0
    beyond[0] = False
    if more:
        place = take_small(w) if more > 0 else -1
        if place >= op.c:
            beyond[0] = True
            return place
        return op.b + place if place >= 0 else -1
    if op.bits:
        if need(w, op.bits) < 0:
            return -1
        place = <int64_t>peek(w, op.bits)
        if place >= op.b:
            return stop(w, ALTERNATIVE if op.code == CHOICE else ITEM, place, op.b)
        w.pos += op.bits
    return place


cdef int64_t check_total(Walk* w, Op* op, int64_t total) noexcept nogil:
    """A size that may have come in pieces, when all have come; what came in one was checked before."""
    if op.span != <uint64_t>-1 or op.flags & EXT:
        return total
    if total < op.lo:
        return stop(w, SIZE_BELOW, total, op.lo)
    if op.code != CHARSTR and op.c >= 0 and total > op.c:
        return stop(w, SIZE_ABOVE, total, op.c)
    return total


cdef inline int spend(Walk* w, int64_t count) noexcept nogil:
    """Takes ``count`` elements from the message's budget."""
    if count > w.elements:
        return stop(w, TOO_MANY, count, 0)
    w.elements -= count
    return 0


cdef inline int afford(Walk* w, int32_t element, int64_t count) noexcept nogil:
    """Whether budget and remaining bits allow ``count`` elements; asked before anything is allocated for them."""
    if spend(w, count) < 0:
        return -1
    if count * w.ops[element].min_bits > w.end - w.pos:
        return stop(w, TOO_FEW_BITS, count, count * w.ops[element].min_bits)
    return 0


cdef inline int enter(Walk* w) noexcept nogil:
    """Takes a place of the path; returns it."""
    if w.depth >= w.max_depth:
        return stop(w, TOO_DEEP, w.max_depth, 0)
    w.path[w.depth] = NO_NAME
    w.depth += 1
    return w.depth - 1


cdef int close_window(Walk* w, int64_t start, bint inside) noexcept nogil:
    """Checks what is left between the cursor and ``end``: padding of less than an octet, all zero.

    ``start`` is where the content began; ``inside`` is an open type, else it is the whole message.
    """
    cdef int64_t begin = w.pos
    cdef int64_t left = w.end - begin
    if w.pos == start:  # no bits at all travel as one zero octet (X.691 11.1, 11.2)
        if left < 8:
            return complain(w, NO_OCTET_INSIDE if inside else NO_OCTET, 0, 0)
        begin += 8
        left -= 8
        if any_bit(w, w.pos, 8) and complain(w, PADDING_SET_EMPTY, 0, 0) < 0:
            return -1
    if left >= 8:
        return complain(w, SURPLUS_INSIDE if inside else SURPLUS, left >> 3, 0)
    if left and any_bit(w, begin, left):
        return complain(w, PADDING_SET, 0, 0)
    return 0


cdef inline bint any_bit(Walk* w, int64_t place, int64_t count) noexcept nogil:
    """Whether one of up to eight bits is set."""
    cdef int64_t octet = place >> 3
    cdef int word = w.data[octet] << 8
    if (place + count - 1) >> 3 > octet:
        word |= w.data[octet + 1]
    return (word >> (16 - (place & 7) - count)) & ((1 << count) - 1) != 0


cdef Row* find_row(Row* rows, Op* table, int64_t number) noexcept nogil:
    """The row of an open type's table with that id, or NULL."""
    cdef Row* low = rows + table.c
    cdef Row* high = low + table.d
    cdef Row* middle
    if table.d and 0 <= number - low.number < table.d and low[number - low.number].number == number:
        return low + (number - low.number)  # ids mostly follow one another
    while low < high:
        middle = low + ((high - low) >> 1)
        if middle.number < number:
            low = middle + 1
        else:
            high = middle
    if low < rows + table.c + table.d and low.number == number:
        return low
    return NULL
