# Walking past a value without the GIL, with every check that decoding makes.

cdef int skip_op(Walk* w, int32_t index) noexcept nogil:
    cdef Op* op = &w.ops[index]
    cdef int code = op.code
    cdef uint64_t offset
    cdef bint beyond
    if code == INT and not op.flags & EXT:
        return take_offset(w, op, &offset)
    elif code == ENUM:
        return 0 if take_place(w, op, &beyond) >= 0 else -1
    elif code == SEQUENCE:
        return skip_sequence(w, op)
    elif code == CHOICE:
        return skip_choice(w, op)
    elif code == LIST:
        return skip_list(w, op)
    elif code == OCTSTR or code == BITSTR:
        return skip_string(w, op)
    elif code == BOOL:
        return 0 if take_bit(w) >= 0 else -1
    elif code == NULL_OP:
        return 0
    elif code == CHARSTR and op.a < 0 and 0 < op.b <= 8:
        return skip_letters(w, op)
    elif code == TABLE or code == OPEN:
        return skip_raw(w)
    elif code == OCTCON or code == BITCON:
        return skip_contents(w, op)
    return pass_in_python(w, index, NULL, NULL)


cdef int skip_sequence(Walk* w, Op* op) noexcept nogil:
    cdef int slot = enter(w)
    cdef int more = 0
    cdef Keys keys
    keys.count = 0
    if slot < 0:
        return -1
    if op.flags & EXT:
        more = take_bit(w)
        if more < 0:
            return -1
    if skip_members(w, op, slot, &keys) < 0:
        return -1
    if more and skip_additions(w, op, slot, &keys) < 0:
        return -1
    w.depth = slot
    return 0


cdef int64_t skip_members(Walk* w, Op* op, int slot, Keys* keys) noexcept nogil:
    """Presence bits and root components of a SEQUENCE or group; gives how many were there."""
    cdef Member* member = &w.members[op.a]
    cdef Member* last = member + op.b
    cdef int64_t presence = w.pos, found = 0
    if need(w, op.d) < 0:
        return -1
    w.pos += op.d
    while member < last:
        if member.flags & (OPTIONAL | DEFAULT):
            presence += 1
            if not bit_at(w.data, presence - 1):
                if absent_key(w, member, keys) < 0:
                    return -1
                found += member.flags & DEFAULT != 0
                member += 1
                continue
        w.path[slot] = member.name
        if skip_member(w, member, keys) < 0:
            return -1
        found += 1
        member += 1
    return found


cdef int skip_member(Walk* w, Member* member, Keys* keys) noexcept nogil:
    """A component, with what it means for the open types beside it."""
    cdef Op* child = &w.ops[member.op]
    cdef uint64_t offset
    if child.code == TABLE:
        return skip_table(w, child, row_of(w, child, keys))
    if not member.flags & KEY:
        return skip_op(w, member.op)
    if child.code != INT or child.flags & (EXT | UNSIGNED):
        return pass_in_python(w, member.op, member, keys)
    if take_offset(w, child, &offset) < 0:
        return -1
    add_key(keys, member.name, <int64_t>(<uint64_t>child.lo + offset))
    return 0


cdef int skip_additions(Walk* w, Op* op, int slot, Keys* keys) noexcept nogil:
    cdef Bitmap bitmap
    cdef int result
    w.path[slot] = NO_NAME
    result = take_bitmap(w, &bitmap, op.c)
    if result == 0:
        result = skip_announced(w, op, slot, keys, &bitmap)
    free(bitmap.copy)
    return result


cdef int skip_announced(Walk* w, Op* op, int slot, Keys* keys, Bitmap* bitmap) noexcept nogil:
    cdef int64_t place
    for place in range(bitmap.count):
        if not announced(bitmap, place):
            continue
        if place < op.c:
            if skip_addition(w, &w.members[op.a + op.b + place], slot, keys) < 0:
                return -1
            continue
        w.path[slot] = NO_NAME
        if skip_raw(w) < 0:
            return -1
    return 0


cdef int skip_addition(Walk* w, Member* member, int slot, Keys* keys) noexcept nogil:
    cdef Window window
    cdef Op* child = &w.ops[member.op]
    cdef int64_t found
    if open_window(w, &window, slot, NO_NAME if child.code == GROUP else member.name) < 0:
        return -1
    if child.code == GROUP:
        found = skip_members(w, child, slot, keys)
        if found == 0:
            found = complain(w, EMPTY_GROUP, 0, 0)
    else:
        found = skip_member(w, member, keys)
    return shut_window(w, &window) if found >= 0 else abandon_window(w, &window)


cdef int skip_window(Walk* w, int32_t index, int slot, int32_t name) noexcept nogil:
    """A value inside an open type."""
    cdef Window window
    if open_window(w, &window, slot, name) < 0:
        return -1
    if skip_op(w, index) < 0:
        return abandon_window(w, &window)
    return shut_window(w, &window)


cdef int skip_table(Walk* w, Op* op, Row* row) noexcept nogil:
    """An open type by table; in relaxed mode a row whose content does not decode is octets."""
    cdef int64_t start = w.pos, elements = w.elements
    cdef int slot, pieces = 0, depth = w.depth
    if row is NULL:
        return skip_raw(w)
    slot = enter(w)
    if slot < 0:
        return -1
    if skip_window(w, row.op, slot, row.name) == 0:
        w.depth = slot
        return 0
    if w.strict or turn_back(w, start, elements, depth) < 0:
        return -1
    elements = take_length(w, &pieces)
    return 0 if elements >= 0 and pass_pieces(w, 8, elements, pieces) >= 0 else -1


cdef int skip_raw(Walk* w) noexcept nogil:
    """An open type that stays octets."""
    cdef int pieces = 0
    cdef int64_t length = take_length(w, &pieces)
    if length < 0:
        return -1
    length = pass_pieces(w, 8, length, pieces)
    if length == 0:
        return complain(w, EMPTY_OPEN, 0, 0)
    return 0 if length > 0 else -1


cdef int skip_choice(Walk* w, Op* op) noexcept nogil:
    cdef int slot = enter(w)
    cdef bint beyond = False
    cdef int64_t place
    cdef Member* member
    cdef int result
    if slot < 0:
        return -1
    place = take_place(w, op, &beyond)
    if place < 0:
        return -1
    if beyond:
        result = skip_raw(w)
    else:
        member = &w.members[op.a + place]
        if place >= op.b:
            result = skip_window(w, member.op, slot, member.name)
        else:
            w.path[slot] = member.name
            result = skip_op(w, member.op)
    w.depth = slot if result == 0 else w.depth
    return result


cdef int skip_list(Walk* w, Op* op) noexcept nogil:
    cdef int pieces, slot
    cdef int64_t first = 0, place, count = take_count(w, op, &pieces)
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
            if skip_op(w, op.a) < 0:
                return -1
        first += count
        if not pieces:
            if check_total(w, op, first) < 0:
                return -1
            w.depth = slot
            return 0
        count = take_length(w, &pieces)
        if count < 0:
            return -1


cdef int skip_string(Walk* w, Op* op) noexcept nogil:
    cdef int pieces
    cdef int64_t start = w.pos, count = take_count(w, op, &pieces)
    if count < 0:
        return -1
    if pieces and op.flags & NAMED:  # where its last bit lies is not worth a second way to find out
        w.pos = start
        return pass_in_python(w, <int32_t>(op - w.ops), NULL, NULL)
    count = pass_pieces(w, 8 if op.code == OCTSTR or op.code == OCTCON else 1, count, pieces)
    return 0 if count >= 0 and check_total(w, op, count) >= 0 and check_tail(w, op, count) == 0 else -1


cdef inline int check_tail(Walk* w, Op* op, int64_t count) noexcept nogil:
    """Named bits end with a set one unless the size asks for more (X.691 16.2); the cursor is behind the last."""
    if op.flags & NAMED and not op.flags & EXT and count > op.lo and not bit_at(w.data, w.pos - 1):
        return complain(w, ZERO_TAIL, 0, 0)
    return 0


cdef int skip_letters(Walk* w, Op* op) noexcept nogil:
    """Characters of which every code is allowed."""
    cdef int pieces
    cdef int64_t count = take_count(w, op, &pieces)
    if count >= 0:
        count = pass_pieces(w, op.b, count, pieces)
    return 0 if count >= 0 and check_total(w, op, count) >= 0 else -1


cdef int skip_contents(Walk* w, Op* op) noexcept nogil:
    """OCTET STRING or BIT STRING with CONTAINING."""
    cdef Window window
    cdef int slot
    if not w.open_types:
        return skip_string(w, op)
    slot = open_contents(w, &window, op)
    if slot < 0:
        return -1
    if skip_op(w, op.a) < 0:
        return abandon_window(w, &window)
    if shut_window(w, &window) < 0:
        return -1
    w.depth = slot
    return 0
