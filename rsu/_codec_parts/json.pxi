# Bits → JSON text without the GIL, with every check that decoding makes: skip.pxi with a pen. The spelling is that of X.697 as
# asn1tools' `jer` has it; an open type is an object of its row's name, as US DOT tools write it.
#
# Each member and each item begins with a comma; the bracket around them replaces the first (`shut_brackets`).

cdef void json_whole(Walk* w, Text* t, int32_t index) noexcept nogil:
    """One message; its fault is the walk's."""
    if json_op(w, t, index) == 0:
        close_window(w, 0, False)


cdef int json_op(Walk* w, Text* t, int32_t index) noexcept nogil:
    cdef Op* op = &w.ops[index]
    cdef int code = op.code
    if code == INT and not op.flags & EXT:
        return json_int(w, t, op)
    elif code == ENUM:
        return json_enum(w, t, op)
    elif code == SEQUENCE:
        return json_sequence(w, t, op)
    elif code == CHOICE:
        return json_choice(w, t, op)
    elif code == LIST:
        return json_list(w, t, op)
    elif code == OCTSTR:
        return json_octets(w, t, op)
    elif code == BITSTR:
        return json_bits(w, t, op)
    elif code == BOOL:
        return json_bool(w, t)
    elif code == NULL_OP:
        memcpy(t.at, b"null", 4)
        t.at += 4
        return 0
    elif code == CHARSTR and op.a < 0 and 0 < op.b <= 8:
        return json_letters(w, t, op)
    elif code == TABLE or code == OPEN:
        return json_raw(w, t)
    elif code == OCTCON or code == BITCON:
        return json_contents(w, t, op)
    return json_in_python(w, t, index, NULL, NULL)


cdef inline int json_int(Walk* w, Text* t, Op* op) noexcept nogil:
    cdef uint64_t offset
    if take_offset(w, op, &offset) < 0:
        return -1
    offset += <uint64_t>op.lo
    if op.flags & UNSIGNED:
        t.at = put_unsigned_at(t.at, offset)
    else:
        t.at = put_signed_at(t.at, <int64_t>offset)
    return 0


cdef inline int json_bool(Walk* w, Text* t) noexcept nogil:
    cdef int bit = take_bit(w)
    if bit < 0:
        return -1
    if bit:
        memcpy(t.at, b"true", 4)
    else:
        memcpy(t.at, b"false", 5)
    t.at += 5 - bit
    return 0


cdef int json_enum(Walk* w, Text* t, Op* op) noexcept nogil:
    cdef bint beyond
    cdef int64_t place = take_place(w, op, &beyond)
    if place < 0:
        return -1
    if not beyond:
        return put_piece(w, t, &t.words[op.a + place])
    memcpy(t.at, b'"...', 4)
    t.at = put_64(t.at + 4, place)
    put_sign(t, c'"')
    return 0


cdef int json_sequence(Walk* w, Text* t, Op* op) noexcept nogil:
    cdef int slot = enter(w)
    cdef int more = 0
    cdef int64_t start = t.at - t.data
    cdef Keys keys
    keys.count = 0
    if slot < 0:
        return -1
    if op.flags & EXT:
        more = take_bit(w)
        if more < 0:
            return -1
    if json_members(w, t, op, slot, &keys) < 0:
        return -1
    if more:
        if json_additions(w, t, op, slot, &keys) < 0:
            return -1
    elif op.c and json_defaults(w, t, op, NULL) < 0:
        return -1
    w.depth = slot
    shut_brackets(t, start, c"{", c"}")
    return 0


cdef int64_t json_members(Walk* w, Text* t, Op* op, int slot, Keys* keys) noexcept nogil:
    """Presence bits and root components of a SEQUENCE or group; gives how many were there."""
    cdef Member* member = &w.members[op.a]
    cdef Member* last = member + op.b
    cdef Run* run
    cdef int64_t presence = w.pos, found = 0
    cdef int done
    if need(w, op.d) < 0:
        return -1
    w.pos += op.d
    while member < last:
        run = &t.runs[member - w.members]
        if run.members:
            done = json_run(w, t, run)
            if done < 0:
                return -1
            if done:
                found += run.members
                member += run.members
                w.path[slot] = (member - 1).name  # what is wrong behind the last component of a group is said of it
                continue
        if member.flags & (OPTIONAL | DEFAULT):
            presence += 1
            if not bit_at(w.data, presence - 1):
                if member.flags & DEFAULT:
                    if absent_key(w, member, keys) < 0 or put_piece(w, t, &t.defaults[member.value]) < 0:
                        return -1
                    found += 1
                member += 1
                continue
        w.path[slot] = member.name
        if json_member(w, t, member, keys) < 0:
            return -1
        found += 1
        member += 1
    return found


cdef inline int json_member(Walk* w, Text* t, Member* member, Keys* keys) noexcept nogil:
    """A component, with what it means for the open types beside it."""
    cdef Op* child = &w.ops[member.op]
    cdef uint64_t offset
    if put_piece(w, t, &t.keys[member.name]) < 0:
        return -1
    if child.code == TABLE:
        return json_table(w, t, child, row_of(w, child, keys))
    if not member.flags & KEY:
        return json_op(w, t, member.op)
    if child.code != INT or child.flags & (EXT | UNSIGNED):
        return json_in_python(w, t, member.op, member, keys)
    if take_offset(w, child, &offset) < 0:
        return -1
    add_key(keys, member.name, <int64_t>(<uint64_t>child.lo + offset))
    t.at = put_signed_at(t.at, <int64_t>(<uint64_t>child.lo + offset))
    return 0


cdef int json_additions(Walk* w, Text* t, Op* op, int slot, Keys* keys) noexcept nogil:
    cdef Bitmap bitmap
    cdef int result
    w.path[slot] = NO_NAME
    result = take_bitmap(w, &bitmap, op.c)
    if result == 0:
        result = json_announced(w, t, op, slot, keys, &bitmap)
    if result == 0:
        result = json_defaults(w, t, op, &bitmap)
    free(bitmap.copy)
    return result


cdef int json_announced(Walk* w, Text* t, Op* op, int slot, Keys* keys, Bitmap* bitmap) noexcept nogil:
    """Additions by name; those that the schema does not know as octets under ``"..."``, with where the bitmap ends."""
    cdef int64_t place, inner = -1
    cdef bint any_set = False, last = False
    for place in range(bitmap.count):
        last = announced(bitmap, place)
        if not last:
            continue
        any_set = True
        if place < op.c:
            if json_addition(w, t, &w.members[op.a + op.b + place], slot, keys) < 0:
                return -1
            continue
        w.path[slot] = NO_NAME
        if put_unknown(w, t, &inner, place) < 0 or json_raw(w, t) < 0:
            return -1
    if (bitmap.count != op.c or not any_set) and not (last and bitmap.count > op.c):
        if put_unknown(w, t, &inner, bitmap.count - 1) < 0:
            return -1
        memcpy(t.at, b"null", 4)
        t.at += 4
    if inner >= 0:
        shut_brackets(t, inner, c"{", c"}")
    return 0


cdef int put_unknown(Walk* w, Text* t, int64_t* inner, int64_t place) noexcept nogil:
    """The key of an addition that has no name; ``inner`` is where the object that holds them begins, below 0 before it does."""
    if room(w, t, 0) < 0:
        return -1
    if inner[0] < 0:
        memcpy(t.at, b',"...":', 7)
        t.at += 7
        inner[0] = t.at - t.data
    memcpy(t.at, b',"', 2)
    t.at = put_64(t.at + 2, place)
    memcpy(t.at, b'":', 2)
    t.at += 2
    return 0


cdef int json_defaults(Walk* w, Text* t, Op* op, Bitmap* bitmap) noexcept nogil:
    """DEFAULT values of extension additions that did not come; without a bitmap none did."""
    cdef int64_t place
    cdef Member* member
    for place in range(op.c):
        member = &w.members[op.a + op.b + place]
        if not member.flags & DEFAULT or (bitmap is not NULL and place < bitmap.count and announced(bitmap, place)):
            continue
        if put_piece(w, t, &t.defaults[member.value]) < 0:
            return -1
    return 0


cdef int json_addition(Walk* w, Text* t, Member* member, int slot, Keys* keys) noexcept nogil:
    cdef Window window
    cdef Op* child = &w.ops[member.op]
    cdef int64_t found
    if open_window(w, &window, slot, NO_NAME if child.code == GROUP else member.name) < 0:
        return -1
    if child.code == GROUP:
        found = json_members(w, t, child, slot, keys)
        if found == 0:
            found = complain(w, EMPTY_GROUP, 0, 0)
    else:
        found = json_member(w, t, member, keys)
    return shut_window(w, &window) if found >= 0 else abandon_window(w, &window)


cdef int json_window(Walk* w, Text* t, int32_t index, int slot, int32_t name) noexcept nogil:
    """A value inside an open type, behind its name."""
    cdef Window window
    if put_piece(w, t, &t.keys[name]) < 0 or open_window(w, &window, slot, name) < 0:
        return -1
    if json_op(w, t, index) < 0:
        return abandon_window(w, &window)
    return shut_window(w, &window)


cdef int json_table(Walk* w, Text* t, Op* op, Row* row) noexcept nogil:
    """An open type by table; in relaxed mode a row whose content does not decode is octets."""
    cdef int64_t start = w.pos, elements = w.elements, text = t.at - t.data, last
    cdef int slot, pieces = 0, depth = w.depth
    if row is NULL:
        return json_raw(w, t)
    slot = enter(w)
    if slot < 0:
        return -1
    if json_window(w, t, row.op, slot, row.name) == 0:
        w.depth = slot
        shut_brackets(t, text, c"{", c"}")
        return 0
    if w.strict or turn_back(w, start, elements, depth) < 0:
        return -1
    t.at = t.data + text
    elements = take_length(w, &pieces)
    return 0 if elements >= 0 and put_string(w, t, 8, elements, pieces, &last) >= 0 else -1


cdef int json_raw(Walk* w, Text* t) noexcept nogil:
    """An open type that stays octets."""
    cdef int pieces = 0
    cdef int64_t last, length = take_length(w, &pieces)
    if length < 0:
        return -1
    length = put_string(w, t, 8, length, pieces, &last)
    if length == 0:
        return complain(w, EMPTY_OPEN, 0, 0)
    return 0 if length > 0 else -1
