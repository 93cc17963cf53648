# Decoding to Python values: one function for each op that has members, and the dispatch.

cdef extern from *:
    """
    /* CPython 3.13 took the pre-sized dict out of its public headers. */
    static inline PyObject *rsu_new_dict(Py_ssize_t expected) {
    #if PY_VERSION_HEX < 0x030D0000
        return expected > 5 ? _PyDict_NewPresized(expected) : PyDict_New();
    #else
        (void)expected;
        return PyDict_New();
    #endif
    }
    """
    dict rsu_new_dict(Py_ssize_t expected)
    PyObject* new_number "PyLong_FromLongLong"(int64_t value) except NULL
    int set_item "PyDict_SetItem"(PyObject* into, PyObject* key, PyObject* item)  # -1 with an error set
    void drop "Py_DECREF"(PyObject* item)
    int popcount "__builtin_popcountll"(uint64_t word) nogil

cdef enum:
    MIN_PRESIZED = 5  # keys that any new dict has room for


cdef inline object decode_op(Walk* w, int32_t index):
    """The value of op ``index`` at the cursor."""
    cdef Op* op = &w.ops[index]
    if op.code == SEQUENCE:  # the commonest containers, which need no span of their own, by the short way
        return decode_sequence(w, op)
    if op.code == LIST:
        return decode_list(w, op)
    if op.code == CHOICE:
        return decode_choice(w, op)
    if w.spans is not NULL:
        return decode_traced(w, index)
    return decode_plain(w, index)


cdef object decode_traced(Walk* w, int32_t index):
    cdef int64_t start = w.pos
    cdef int code = w.ops[index].code
    value = decode_plain(w, index)
    if code not in (SEQUENCE, GROUP, CHOICE, LIST, TABLE, OPEN, OCTCON, BITCON):
        mark(w, start, "value", index, value)
    return value


cdef object decode_plain(Walk* w, int32_t index):
    cdef Op* op = &w.ops[index]
    cdef int code = op.code
    if code == INT:
        return decode_int(w, op)
    elif code == ENUM:
        return decode_enum(w, op)
    elif code == SEQUENCE:
        return decode_sequence(w, op)
    elif code == CHOICE:
        return decode_choice(w, op)
    elif code == LIST:
        return decode_list(w, op)
    elif code == OCTSTR:
        return decode_octets(w, op)
    elif code == BITSTR:
        return decode_bits(w, op)
    elif code == BOOL:
        return checked(w, take_bit(w)) != 0
    elif code == NULL_OP:
        return None
    elif code == CHARSTR:
        return decode_characters(w, op)
    elif code == TABLE or code == OPEN:
        return take_raw(w)
    elif code == OCTCON or code == BITCON:
        return decode_contents(w, op)
    return decode_rare(w, op)


cdef object decode_rare(Walk* w, Op* op):
    cdef int code = op.code
    if code == ANYINT:
        if op.flags & EXT:
            checked(w, take_bit(w))  # root and extension look alike
        value = extended_int(w, op)
        if w.checks and op.d >= 0:
            gap = _scalars.outside(value, <object>w.objects[op.d])
            if gap:
                fail(w, "range", gap)
        return value
    elif code == SEMIINT:
        return decode_semi_int(w, op)
    elif code == BIGINT:
        return decode_big_int(w, op)
    elif code == TEXT:
        return decode_text(w, op)
    elif code == OID:
        return decode_with(w, _scalars.oid_text, _scalars.oid_octets)
    elif code == ROID:
        return decode_with(w, _scalars.relative_oid_text, _scalars.relative_oid_octets)
    elif code == REAL:
        return decode_with(w, _scalars.real_value, _scalars.real_octets)
    elif code == GENTIME:
        return decode_time(w, _scalars.generalized_time, _scalars.generalized_time_text)
    return decode_time(w, _scalars.utc_time, _scalars.utc_time_text)


cdef dict decode_sequence(Walk* w, Op* op):
    cdef int slot = <int>checked(w, enter(w))
    cdef bint more = False
    cdef int64_t start = w.pos
    cdef uint64_t mask
    cdef dict value
    if op.flags & EXT:
        more = checked(w, take_bit(w))
        if w.spans is not NULL:
            mark(w, start, "extension", -1, more)
    mask = take_presence(w, op)
    value = rsu_new_dict(expected_members(op, mask))
    decode_members(w, op, value, slot, mask)
    if more:
        decode_additions(w, op, value, slot)
    elif op.c:
        w.path[slot] = NO_NAME
        fill_defaults(w, op, value, -1, NULL)
    w.depth = slot
    return value


cdef inline uint64_t take_presence(Walk* w, Op* op) except? 1:
    """The presence bits from the top of a word on; 1, which is never used up, where there are more than it holds."""
    cdef int64_t start = w.pos
    cdef uint64_t mask
    if op.d == 0:
        return 0
    checked(w, need(w, op.d))
    mask = peek(w, op.d) << (64 - op.d) if op.d <= 64 else 1
    w.pos += op.d
    if w.spans is not NULL:
        mark(w, start, "presence", -1, None)
    return mask


cdef inline int expected_members(Op* op, uint64_t mask) noexcept nogil:
    """How many components follow; a guess where there are more than 64 presence bits."""
    if op.d == 0 or op.b <= MIN_PRESIZED or op.d > 64:
        return op.b
    return op.b - op.d + popcount(mask)


cdef int decode_members(Walk* w, Op* op, dict value, int slot, uint64_t mask) except -1:
    """The root components of a SEQUENCE, SET or group, behind its presence bits."""
    cdef Member* member = &w.members[op.a]
    cdef Member* last = member + op.b
    cdef Member* needed = member + op.needed
    cdef int64_t presence = w.pos - op.d
    cdef bint present, plain = w.spans is NULL
    while member < last:
        if member.flags & (OPTIONAL | DEFAULT):
            if mask == 0 and member >= needed:
                return 0
            present = mask >> 63
            mask <<= 1
            if op.d > 64:
                present, mask = bit_at(w.data, presence), 1
                presence += 1
            if not present:
                if member.flags & DEFAULT:
                    PyDict_SetItem(value, <object>w.names[member.name], default_value(w, member))
                member += 1
                continue
        w.path[slot] = member.name  # of a plain one as well: what is wrong behind a group is told at its last member
        if not (member.kind >= PLAIN_INT and plain and decode_plain_member(w, member, <PyObject*>value)):
            decode_member(w, member, value)
        member += 1
    return 0


cdef inline int decode_member(Walk* w, Member* member, dict value) except -1:
    """A component of any type."""
    if member.kind == TABLE_VALUE:
        item = decode_table(w, &w.ops[member.op], value)
    else:
        item = decode_op(w, member.op)
        remark_default(w, member, item)
    return set_item(<PyObject*>value, w.names[member.name], <PyObject*>item)


cdef inline bint decode_plain_member(Walk* w, Member* member, PyObject* value) except -1:
    """The commonest components, without a call but to make the number and to keep it; not where there is more to say."""
    cdef uint64_t offset
    cdef PyObject* number
    cdef int result
    if member.bits > w.end - w.pos:
        return False
    offset = peek(w, member.bits)
    if offset > member.span:  # an extension bit as well
        return False
    w.pos += member.bits
    if member.kind == PLAIN_ITEM:
        result = set_item(value, w.names[member.name], w.names[member.lo + <int64_t>offset])
    else:
        number = new_number(<int64_t>(<uint64_t>member.lo + offset))
        result = set_item(value, w.names[member.name], number)
        drop(number)
    return True if result == 0 else -1


cdef inline int remark_default(Walk* w, Member* member, object item) except -1:
    """An encoded default value is not canonical: the encoder leaves it out again."""
    if member.flags & DEFAULT and w.findings is not NULL and item == <object>w.objects[member.value]:
        return remark(w, "non-canonical", "the default value is written out")
    return 0


cdef object default_value(Walk* w, Member* member):
    if member.flags & MUTABLE:
        return _scalars.fresh(<object>w.objects[member.value])
    return <object>w.objects[member.value]


cdef int fill_defaults(Walk* w, Op* op, dict value, int64_t count, const uint8_t* bitmap) except -1:
    """DEFAULT values of extension additions that did not come."""
    cdef int64_t place
    cdef Member* member
    for place in range(op.c):
        member = &w.members[op.a + op.b + place]
        if member.flags & DEFAULT and not (place < count and bit_at(bitmap, place)):
            PyDict_SetItem(value, <object>w.names[member.name], default_value(w, member))
    return 0


cdef int decode_additions(Walk* w, Op* op, dict value, int slot) except -1:
    """Extension additions: known ones by name, the others as octets under ``"..."``."""
    cdef int pieces
    cdef int64_t place, start = w.pos
    cdef int64_t count
    cdef bytes bitmap
    cdef const uint8_t* bits
    cdef dict extra = None
    cdef bint any_set = False
    w.path[slot] = NO_NAME
    count = checked(w, take_bitmap_size(w, &pieces))
    bitmap, total = take_pieces(w, 1, count, pieces)
    count = total
    bits = <const uint8_t*>PyBytes_AS_STRING(bitmap)
    checked(w, spend(w, bits_set(bits, op.c, count)))
    if w.spans is not NULL:
        mark(w, start, "extension", -1, count)
    for place in range(count):
        if not bit_at(bits, place):
            continue
        any_set = True
        if place < op.c:
            decode_addition(w, &w.members[op.a + op.b + place], value, slot)
            continue
        w.path[slot] = NO_NAME
        if extra is None:
            extra = {}
        extra[place] = take_raw(w)
    if (count != op.c or not any_set) and (extra is None or count - 1 not in extra):
        extra = extra if extra is not None else {}
        extra[count - 1] = None  # where the sender's bitmap ends: his edition knows more or fewer additions
    if extra is not None:
        value["..."] = extra
    return fill_defaults(w, op, value, count, bits)


cdef int decode_addition(Walk* w, Member* member, dict value, int slot) except -1:
    cdef Op* child = &w.ops[member.op]
    if child.code == GROUP:
        decode_window(w, member.op, value, slot, NO_NAME)
        return 0
    item = decode_window(w, member.op, value, slot, member.name)
    PyDict_SetItem(value, <object>w.names[member.name], item)
    return remark_default(w, member, item)


cdef object decode_window(Walk* w, int32_t index, dict parent, int slot, int32_t name):
    """The value inside an open type; ``name`` is its place of the path. A GROUP's members go to ``parent``."""
    cdef int pieces = 0
    cdef int64_t start = w.pos
    cdef int64_t length = checked(w, take_length(w, &pieces))
    cdef int64_t outer = w.end
    if w.spans is not NULL:
        mark(w, start, "length", -1, length)
    w.path[slot] = name
    start = w.pos
    if pieces:
        content = take_pieces(w, 8, length, pieces)[0]
        return decode_inside(w, index, content, start, parent, slot)
    checked(w, need(w, 8 * length))
    w.end = w.pos + 8 * length
    value = decode_content(w, index, parent, slot)
    finish_window(w, start, True)
    w.pos = w.end
    w.end = outer
    return value


cdef object decode_content(Walk* w, int32_t index, dict parent, int slot):
    cdef Op* op = &w.ops[index]
    cdef int64_t before
    if op.code == GROUP:
        before = PyDict_Size(parent)
        decode_members(w, op, parent, slot, take_presence(w, op))
        if PyDict_Size(parent) == before:
            checked(w, complain(w, EMPTY_GROUP, 0, 0))
        return None
    if op.code == TABLE and parent is not None:
        return decode_table(w, op, parent)
    return decode_op(w, index)


cdef object decode_inside(Walk* w, int32_t index, bytes content, int64_t start, dict parent, int slot):
    """As :c:func:`decode_window` for octets that lay in pieces or in a string."""
    cdef Walk inner = w[0]
    inner.data = <const uint8_t*>PyBytes_AS_STRING(content)
    inner.octets = PyBytes_GET_SIZE(content)
    inner.pos = 0
    inner.end = 8 * inner.octets
    inner.base = w.base + start
    value = decode_content(&inner, index, parent, slot)
    finish_window(&inner, 0, True)
    w.elements, w.findings_left = inner.elements, inner.findings_left
    return value


cdef Row* chosen_row(Walk* w, Op* op, dict parent) except? NULL:
    """The row of an open type that the component beside it chooses, or NULL."""
    cdef PyObject* found
    cdef int overflow = 0
    cdef int64_t number
    if op.b < 0 or not w.open_types:
        return NULL
    found = PyDict_GetItemWithError(parent, <object>w.names[op.b])
    if found is NULL or not PyLong_Check(<object>found):
        return NULL
    number = PyLong_AsLongLongAndOverflow(<object>found, &overflow)
    return find_row(w.rows, op, number) if not overflow else NULL


cdef object decode_table(Walk* w, Op* op, dict parent):
    """An open type by table: ``(type name, value)`` for a known row, octets for another."""
    cdef int64_t start = w.pos
    cdef int64_t outer_end = w.end
    cdef int64_t elements = w.elements
    cdef int slot, depth = w.depth
    cdef Row* row = chosen_row(w, op, parent)
    if row is NULL:
        return take_raw(w)
    slot = <int>checked(w, enter(w))
    if w.strict:
        value = decode_window(w, row.op, None, slot, row.name)
        w.depth = slot
        return <object>w.names[row.name], value
    try:
        value = decode_window(w, row.op, None, slot, row.name)
    except DecodeError as error:
        w.pos, w.end, w.elements, w.depth = start, outer_end, elements, depth
        octets = take_open(w)
        remark_error(w, error)
        return octets
    w.depth = slot
    return <object>w.names[row.name], value


cdef int remark_error(Walk* w, object error) except -1:
    if w.findings is not NULL and w.findings_left >= 0:
        add_finding(w, error.code, error.path, error.offset, error.reason)
    return 0


cdef object decode_contents(Walk* w, Op* op):
    """OCTET STRING or BIT STRING with CONTAINING: ``(type name, value)``, or the string where open types stay octets."""
    cdef int slot
    cdef int pieces
    cdef int64_t start, count = counted(w, op, &pieces)
    cdef bint octets = op.code == OCTCON
    if not w.open_types:
        content, total = take_pieces(w, 8 if octets else 1, count, pieces)
        checked(w, check_total(w, op, total))
        return content if octets else (content, total)
    slot = <int>checked(w, enter(w))
    w.path[slot] = op.b
    start = w.pos
    content, total = take_pieces(w, 8 if octets else 1, count, pieces)
    checked(w, check_total(w, op, total))
    if not octets and total & 7 and complain(w, PART_OCTETS, total, 0) < 0:
        w.pos = start
        raise_fault(w)
    value = decode_inside(w, op.a, content, start, None, slot)
    w.depth = slot
    return <object>w.names[op.b], value


cdef tuple decode_choice(Walk* w, Op* op):
    cdef int slot = <int>checked(w, enter(w))
    cdef bint beyond
    cdef int64_t start = w.pos
    cdef int64_t place = checked(w, take_place(w, op, &beyond))
    cdef Member* member = &w.members[op.a + place]
    if w.spans is not NULL:
        mark(w, start, "index", -1, place if beyond or place < op.b else place - op.b)
    if beyond:
        octets = take_raw(w)
        w.depth = slot
        return f"...{place}", octets
    if place >= op.b:
        value = decode_window(w, member.op, None, slot, member.name)
    else:
        w.path[slot] = member.name
        value = decode_op(w, member.op)
    w.depth = slot
    return <object>w.names[member.name], value


cdef list decode_list(Walk* w, Op* op):
    cdef int pieces
    cdef int slot
    cdef int64_t count = counted(w, op, &pieces)
    cdef list items
    slot = <int>checked(w, enter(w))
    if not pieces:
        items = decode_run(w, op, slot, 0, count)
        w.depth = slot
        return items
    items = []
    while True:
        items += decode_run(w, op, slot, len(items), count)
        if not pieces:
            checked(w, check_total(w, op, len(items)))
            w.depth = slot
            return items
        count = checked(w, take_length(w, &pieces))


cdef list decode_run(Walk* w, Op* op, int slot, int64_t first, int64_t count):
    cdef int64_t place
    cdef int32_t element = op.a
    cdef list items
    checked(w, afford(w, element, count))
    items = PyList_New(count)
    for place in range(count):
        w.path[slot] = <int32_t>(-1 - first - place)
        item = decode_op(w, element)
        Py_INCREF(item)
        PyList_SET_ITEM(items, place, item)
    return items
