# CHOICE, lists, strings and contents as JSON text without the GIL, and what only Python decodes.

cdef int json_choice(Walk* w, Text* t, Op* op) noexcept nogil:
    cdef int slot = enter(w)
    cdef bint beyond = False
    cdef int64_t place, start = t.at - t.data
    cdef Member* member
    cdef int result
    if slot < 0:
        return -1
    place = take_place(w, op, &beyond)
    if place < 0:
        return -1
    if beyond:
        memcpy(t.at, b',"...', 5)
        t.at = put_64(t.at + 5, place)
        memcpy(t.at, b'":', 2)
        t.at += 2
        result = json_raw(w, t)
    else:
        member = &w.members[op.a + place]
        if place >= op.b:
            result = json_window(w, t, member.op, slot, member.name)
        else:
            w.path[slot] = member.name
            result = put_piece(w, t, &t.keys[member.name])
            result = json_op(w, t, member.op) if result == 0 else result
    if result < 0:
        return -1
    w.depth = slot
    shut_brackets(t, start, c"{", c"}")
    return 0


cdef int json_list(Walk* w, Text* t, Op* op) noexcept nogil:
    cdef int pieces, slot
    cdef int64_t first = 0, place, start = t.at - t.data, count = take_count(w, op, &pieces)
    if count < 0:
        return -1
    slot = enter(w)
    if slot < 0:
        return -1
    while True:
        if afford(w, op.a, count) < 0:
            return -1
        for place in range(first, first + count):
            w.path[slot] = <int32_t>(-1 - place)
            if room(w, t, 1) < 0:
                return -1
            put_sign(t, c",")
            if json_op(w, t, op.a) < 0:
                return -1
        first += count
        if not pieces:
            if check_total(w, op, first) < 0:
                return -1
            w.depth = slot
            shut_brackets(t, start, c"[", c"]")
            return 0
        count = take_length(w, &pieces)
        if count < 0:
            return -1


cdef int json_octets(Walk* w, Text* t, Op* op) noexcept nogil:
    cdef int pieces
    cdef int64_t last, count = take_count(w, op, &pieces)
    if count >= 0:
        count = put_string(w, t, 8, count, pieces, &last)
    return 0 if count >= 0 and check_total(w, op, count) >= 0 else -1


cdef int json_bits(Walk* w, Text* t, Op* op) noexcept nogil:
    """Hex where the type says how many bits there are, else an object that says it."""
    cdef int pieces
    cdef int64_t last, count = take_count(w, op, &pieces)
    cdef bint fixed = op.span == 0 and not op.flags & EXT
    if count < 0:
        return -1
    if not fixed:
        memcpy(t.at, b'{"value":', 9)
        t.at += 9
    count = put_string(w, t, 1, count, pieces, &last)
    if count < 0 or check_total(w, op, count) < 0:
        return -1
    if op.flags & NAMED and not op.flags & EXT and count > op.lo and not bit_at(w.data, last - 1):
        if complain(w, ZERO_TAIL, 0, 0) < 0:
            return -1
    if not fixed:
        memcpy(t.at, b',"length":', 10)
        t.at = put_64(t.at + 10, count)
        put_sign(t, c"}")
    return 0


cdef int json_letters(Walk* w, Text* t, Op* op) noexcept nogil:
    """Characters of which every code is allowed."""
    cdef int pieces
    cdef int64_t total = 0, count = take_count(w, op, &pieces)
    put_sign(t, c'"')
    while count >= 0:
        if put_letters_run(w, t, op.b, count) < 0:
            return -1
        total += count
        if not pieces:
            put_sign(t, c'"')
            return 0 if check_total(w, op, total) >= 0 else -1
        count = take_length(w, &pieces)
    return -1


cdef int json_contents(Walk* w, Text* t, Op* op) noexcept nogil:
    """OCTET STRING or BIT STRING with CONTAINING."""
    cdef Window window
    cdef int64_t start = t.at - t.data
    cdef int slot = open_contents(w, &window, op)
    if slot < 0:
        return -1
    if put_piece(w, t, &t.keys[op.b]) < 0 or json_op(w, t, op.a) < 0:
        return abandon_window(w, &window)
    if shut_window(w, &window) < 0:
        return -1
    w.depth = slot
    shut_brackets(t, start, c"{", c"}")
    return 0


cdef int json_in_python(Walk* w, Text* t, int32_t index, Member* member, Keys* keys) noexcept with gil:
    """A value that is decoded by Python functions; a component that chooses an open type is noted."""
    cdef bytes text
    try:
        value = decode_plain(w, index)
        if keys is not NULL and member.flags & KEY:
            key_object(w, member, keys, value)
        try:
            text = scalar_text(w.ops[index].code, value)
        except ValueError:
            fail(w, "range", "an INTEGER of more digits than readers of JSON take, 4300")
        if room(w, t, PyBytes_GET_SIZE(text)) < 0:
            return -1
        memcpy(t.at, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
        t.at += PyBytes_GET_SIZE(text)
    except BaseException as error:
        return keep_error(w, error)
    return 0
