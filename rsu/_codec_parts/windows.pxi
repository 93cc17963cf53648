# What walkers without the GIL share: open types' windows, extension bitmaps, ids that choose open types, the way to Python.

cdef enum:
    MAX_KEYS = 4  # components of one SEQUENCE that choose open types

cdef struct Window:  # an open type that is being walked, and where the walk was before
    const uint8_t* data
    uint8_t* copy     # the content when it lay in pieces, else NULL
    int64_t pos, end, octets, base
    int64_t start     # where the content begins
    int64_t count     # its units: octets or bits

cdef struct Bitmap:
    const uint8_t* bits
    uint8_t* copy
    int64_t first, count

cdef struct Keys:  # values of the components that choose open types, as far as they came
    int count
    int32_t[MAX_KEYS] names
    int64_t[MAX_KEYS] numbers


cdef int64_t gather(Walk* w, int unit, int64_t length, int pieces, uint8_t** copy) noexcept nogil:
    """A string that lies in pieces, whole in new memory: ``unit`` bits for each of its units; gives their number."""
    cdef int64_t done = 0
    copy[0] = <uint8_t*>malloc(((w.end - w.pos) >> 3) + 8)  # a string is never longer than what holds it
    if copy[0] == NULL:
        return stop_memory(w)
    while True:
        if need(w, length * unit) < 0:
            return -1
        copy_bits(w, copy[0] + (done * unit >> 3), length * unit)
        done += length
        if not pieces:
            return done
        length = take_length(w, &pieces)
        if length < 0:
            return -1


cdef int stop_memory(Walk* w) noexcept with gil:
    return keep_error(w, MemoryError())


cdef int64_t pass_pieces(Walk* w, int unit, int64_t length, int pieces) noexcept nogil:
    """Walks past a string whose first length was read; gives how many units it has."""
    cdef int64_t done = length
    while True:
        if need(w, length * unit) < 0:
            return -1
        w.pos += length * unit
        if not pieces:
            return done
        length = take_length(w, &pieces)
        if length < 0:
            return -1
        done += length


cdef inline int open_window(Walk* w, Window* window, int slot, int32_t name) noexcept nogil:
    """Steps into an open type; ``name`` is its place of the path. On a fault there is nothing to leave."""
    cdef int pieces = 0
    cdef int64_t length = <int64_t>peek(w, 8) if w.end - w.pos >= 8 else 128
    if length < 128 and 8 * length <= w.end - w.pos - 8:  # the commonest
        window.data, window.octets, window.base, window.end = w.data, w.octets, w.base, w.end
        window.copy = NULL
        window.count = length
        w.pos = window.start = w.pos + 8
        w.end = w.pos + 8 * length
        w.path[slot] = name
        return 0
    length = take_length(w, &pieces)
    if length < 0:
        return -1
    w.path[slot] = name
    return open_content(w, window, 8, length, pieces, NULL)


cdef inline int open_content(Walk* w, Window* window, int unit, int64_t length, int pieces, Op* sized) noexcept nogil:
    """Steps into octets or bits whose first length was read; ``sized`` has the limits of the whole, or is NULL."""
    cdef int64_t total
    window.data, window.octets, window.base, window.end = w.data, w.octets, w.base, w.end
    window.copy = NULL
    window.start = w.pos
    window.count = length
    if not pieces and unit == 8:
        if need(w, 8 * length) < 0:
            return -1
        w.end = w.pos + 8 * length
        return 0
    total = gather(w, unit, length, pieces, &window.copy)
    if total < 0 or (sized is not NULL and check_total(w, sized, total) < 0):
        free(window.copy)
        return -1
    window.pos = w.pos
    window.count = total
    w.base += window.start
    w.data = window.copy
    w.octets = (total * unit + 7) >> 3
    w.pos = window.start = 0
    w.end = 8 * w.octets
    return 0


cdef int open_contents(Walk* w, Window* window, Op* op) noexcept nogil:
    """Steps into a string with CONTAINING; gives the place of the path that it took."""
    cdef int pieces, slot
    cdef int64_t count = take_count(w, op, &pieces)
    if count < 0:
        return -1
    slot = enter(w)
    if slot < 0:
        return -1
    w.path[slot] = op.b
    if open_content(w, window, 8 if op.code == OCTCON else 1, count, pieces, op) < 0:
        return -1
    if op.code == BITCON and window.count & 7 and complain(w, PART_OCTETS, window.count, 0) < 0:
        return abandon_window(w, window)
    return slot


cdef inline int shut_window(Walk* w, Window* window) noexcept nogil:
    """Leaves an open type whose content was walked, behind it."""
    if close_window(w, window.start, True) < 0:
        return abandon_window(w, window)
    if window.copy == NULL:
        w.pos = w.end
        w.end = window.end
        return 0
    outside(w, window)
    w.pos = window.pos
    return 0


cdef int abandon_window(Walk* w, Window* window) noexcept nogil:
    """Leaves an open type at a fault; the cursor keeps its place in the message for the error."""
    cdef int64_t place = w.base + w.pos
    outside(w, window)
    w.pos = place - w.base
    return -1


cdef void outside(Walk* w, Window* window) noexcept nogil:
    free(window.copy)
    window.copy = NULL
    w.data, w.octets, w.base, w.end = window.data, window.octets, window.base, window.end


cdef int turn_back(Walk* w, int64_t start, int64_t elements, int depth) noexcept nogil:
    """Back to the head of an open type whose content did not decode: relaxed mode takes it as octets."""
    if w.fault == RAISED and not forgive(w):
        return -1
    w.fault = NO_FAULT
    w.pos, w.elements, w.depth = start, elements, depth
    return 0


cdef bint forgive(Walk* w) noexcept with gil:
    """Forgets an error of the message, not one of the machine."""
    if not isinstance(<object>w.error, DecodeError):
        return False
    drop_fault(w)
    return True


cdef int take_bitmap(Walk* w, Bitmap* bitmap, int64_t known) noexcept nogil:
    """The extension bitmap; ``bitmap.copy`` is the caller's to free, also after a fault.

    Additions past the ``known`` ones are taken from the budget before the first is read.
    """
    cdef int pieces
    bitmap.copy = NULL
    bitmap.count = take_bitmap_size(w, &pieces)
    if bitmap.count < 0:
        return -1
    if pieces:
        bitmap.count = gather(w, 1, bitmap.count, pieces, &bitmap.copy)
        bitmap.bits, bitmap.first = bitmap.copy, 0
        if bitmap.count < 0:
            return -1
    elif need(w, bitmap.count) < 0:
        return -1
    else:
        bitmap.bits, bitmap.first = w.data, w.pos
        w.pos += bitmap.count
    return spend(w, bits_set(bitmap.bits, bitmap.first + known, bitmap.first + bitmap.count))


cdef int64_t bits_set(const uint8_t* bits, int64_t first, int64_t last) noexcept nogil:
    """How many bits are set from ``first`` to before ``last``."""
    cdef int64_t place, found = 0
    for place in range(first, last):
        found += bit_at(bits, place)
    return found


cdef inline bint announced(Bitmap* bitmap, int64_t place) noexcept nogil:
    return bit_at(bitmap.bits, bitmap.first + place)


# Ids --------------------------------------------------------------------------------------------------------------------

cdef inline void add_key(Keys* keys, int32_t name, int64_t number) noexcept nogil:
    cdef int place
    for place in range(keys.count):
        if keys.names[place] == name:
            keys.numbers[place] = number
            return
    keys.names[keys.count] = name
    keys.numbers[keys.count] = number
    keys.count += 1


cdef inline Row* row_of(Walk* w, Op* table, Keys* keys) noexcept nogil:
    """The row that the component beside an open type chooses, or NULL; an open type outside of a SEQUENCE has no keys."""
    cdef int place
    if keys is not NULL and w.open_types:
        for place in range(keys.count):
            if keys.names[place] == table.b:
                return find_row(w.rows, table, keys.numbers[place])
    return NULL


cdef int absent_key(Walk* w, Member* member, Keys* keys) noexcept nogil:
    """The DEFAULT of a component that chooses an open type."""
    if member.flags & DEFAULT and member.flags & KEY:
        return absent_key_object(w, member, keys)
    return 0


cdef int absent_key_object(Walk* w, Member* member, Keys* keys) noexcept with gil:
    return key_object(w, member, keys, <object>w.objects[member.value])


cdef int key_object(Walk* w, Member* member, Keys* keys, object value) noexcept:
    cdef int overflow = 0
    cdef int64_t number
    if PyLong_Check(value):
        number = PyLong_AsLongLongAndOverflow(value, &overflow)
        if not overflow:
            add_key(keys, member.name, number)
    return 0


# What only Python decodes -----------------------------------------------------------------------------------------------

cdef int pass_in_python(Walk* w, int32_t index, Member* member, Keys* keys) noexcept with gil:
    """Walks past a value that is decoded by Python functions; a component that chooses an open type is noted."""
    try:
        value = decode_plain(w, index)
        if keys is not NULL and member.flags & KEY:
            key_object(w, member, keys, value)
    except BaseException as error:
        return keep_error(w, error)
    return 0
