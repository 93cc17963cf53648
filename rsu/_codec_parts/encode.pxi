# Encoding from Python values: one function for each op that has members, and the dispatch.

cdef int encode_op(Fill* f, int32_t index, object value) except -1:
    cdef Op* op = &f.ops[index]
    cdef int code = op.code
    if code == INT:
        return encode_int(f, op, value)
    elif code == ENUM:
        return encode_enum(f, op, value)
    elif code == SEQUENCE:
        return encode_sequence(f, op, value)
    elif code == CHOICE:
        return encode_choice(f, op, value)
    elif code == LIST:
        return encode_list(f, op, value)
    elif code == OCTSTR:
        return encode_octets(f, op, value)
    elif code == BITSTR:
        return encode_bits(f, op, value)
    elif code == BOOL:
        if value is not True and value is not False:
            return refuse_type(f, "True or False", value)
        return put(f, value is True, 1)
    elif code == NULL_OP:
        return 0 if value is None else refuse_type(f, "None", value)
    elif code == CHARSTR:
        return encode_characters(f, op, value)
    elif code == TABLE or code == OPEN:
        return put_open(f, plain_octets(f, value))
    elif code == OCTCON or code == BITCON:
        return encode_contents(f, op, value)
    return encode_rare(f, op, value)


cdef int encode_rare(Fill* f, Op* op, object value) except -1:
    cdef int code = op.code
    if code in (ANYINT, SEMIINT, BIGINT):
        return encode_wide_int(f, op, value)
    elif code == TEXT:
        return encode_text(f, op, value)
    elif code == OID:
        return encode_with(f, _scalars.oid_octets, str, "a dotted identifier", value)
    elif code == ROID:
        return encode_with(f, _scalars.relative_oid_octets, str, "a dotted identifier", value)
    elif code == REAL:
        return encode_with(f, _scalars.real_octets, (float, int), "a number", value)
    elif code == GENTIME:
        return encode_time(f, _scalars.generalized_time_text, value)
    return encode_time(f, _scalars.utc_time_text, value)


cdef int encode_sequence(Fill* f, Op* op, object value) except -1:
    cdef int slot = step_in(f)
    cdef int64_t start = f.pos
    cdef int64_t known
    if not PyDict_Check(value):
        return refuse_type(f, "a dict", value)
    if op.flags & EXT:
        put(f, 0, 1)
    known = encode_members(f, op, <dict>value, slot)
    if op.flags & EXT and PyDict_Size(value) > known:
        known += encode_additions(f, op, <dict>value, slot, start)
    if PyDict_Size(value) != known:
        f.path[slot] = NO_NAME
        return unknown_component(f, op, <dict>value)
    f.depth = slot
    return 0


cdef int unknown_component(Fill* f, Op* op, dict value) except -1:
    known = set()
    add_names(f, op, op.b + op.c, known)
    wrong = next((name for name in value if name not in known), None)
    return refuse(f, "type", f"{wrong!r} is no component here")


cdef int add_names(Fill* f, Op* op, int64_t count, set known) except -1:
    cdef int64_t place
    cdef Member* member
    for place in range(count):
        member = &f.members[op.a + place]
        if f.ops[member.op].code == GROUP:
            add_names(f, &f.ops[member.op], f.ops[member.op].b, known)
        else:
            known.add(<object>f.names[member.name])
    return 0


cdef int64_t encode_members(Fill* f, Op* op, dict value, int slot) except -1:
    """Presence bits and root components; returns how many of the dict's keys were used."""
    cdef Member* member = &f.members[op.a]
    cdef Member* last = member + op.b
    cdef int64_t presence = f.pos
    cdef int64_t used = 0
    cdef int left = op.d
    cdef PyObject* found
    while left > 0:
        put(f, 0, min(left, 32))
        left -= 32
    while member < last:
        found = PyDict_GetItemWithError(value, <object>f.names[member.name])
        f.path[slot] = member.name
        if member.flags & (OPTIONAL | DEFAULT):
            presence += 1
            if found is NULL:
                member += 1
                continue
            if member.flags & DEFAULT and PyObject_RichCompareBool(<object>found, <object>f.objects[member.value], Py_EQ):
                used += 1
                member += 1
                continue
            set_bit(f, presence - 1)
        elif found is NULL:
            refuse(f, "missing", "this component is not optional and not given")
        used += 1
        encode_member(f, member, value, <object>found)
        member += 1
    return used


cdef bint addition_present(Fill* f, Member* member, dict value) except -1:
    cdef Op* child = &f.ops[member.op]
    cdef Member* inner
    cdef PyObject* found
    cdef int32_t place
    if child.code == GROUP:
        for place in range(child.b):
            inner = &f.members[child.a + place]
            if addition_present(f, inner, value):
                return True
        return False
    found = PyDict_GetItemWithError(value, <object>f.names[member.name])
    if found is NULL:
        return False
    return not member.flags & DEFAULT or not PyObject_RichCompareBool(<object>found, <object>f.objects[member.value], Py_EQ)


cdef int64_t encode_additions(Fill* f, Op* op, dict value, int slot, int64_t start) except -1:
    """The extension bitmap and what it announces; returns how many of the dict's keys were used."""
    cdef int64_t place, bits = 0, used = 0
    cdef bint given = "..." in value
    cdef object extra = value["..."] if given else {}
    cdef bytearray bitmap
    cdef Member* member
    f.path[slot] = NO_NAME
    if not isinstance(extra, dict):
        return refuse_type(f, "a dict of octets under '...'", extra)
    if given:
        bits = bitmap_size(f, op, extra)
        used = 1
    present = [place for place in range(op.c) if addition_present(f, &f.members[op.a + op.b + place], value)]
    if present:
        bits = max(bits, max(present) + 1) if given else op.c
    for place in range(op.c):
        used += count_keys(f, &f.members[op.a + op.b + place], value)
    if bits == 0:
        return used
    set_bit(f, start)
    bitmap = bytearray((bits + 7) >> 3)
    for place in [*present, *[number for number, octets in extra.items() if octets is not None]]:
        bitmap[place >> 3] |= 0x80 >> (place & 7)
    put_bitmap(f, bytes(bitmap), bits)
    for place in present:
        member = &f.members[op.a + op.b + place]
        encode_addition(f, member, value, slot)
    f.path[slot] = NO_NAME
    for place in sorted(extra):
        if extra[place] is not None:
            put_open(f, plain_octets(f, extra[place]))
    return used


cdef int64_t bitmap_size(Fill* f, Op* op, dict extra) except -1:
    cdef int64_t most = 0
    for number, octets in extra.items():
        if not isinstance(number, int) or not 0 <= number < 65536:
            return refuse(f, "index", f"{number!r} is no extension addition's index")
        if octets is not None and number < op.c:
            return refuse(f, "index", f"addition {number} has a name in this schema")
        most = max(most, number + 1)
    return most


cdef int64_t count_keys(Fill* f, Member* member, dict value) except -1:
    """How many keys of the dict belong to an addition."""
    cdef Op* child = &f.ops[member.op]
    cdef int64_t found = 0
    cdef int32_t place
    if child.code != GROUP:
        return <object>f.names[member.name] in value
    for place in range(child.b):
        found += count_keys(f, &f.members[child.a + place], value)
    return found


cdef int put_bitmap(Fill* f, bytes bitmap, int64_t bits) except -1:
    """A normally small length, then the bits."""
    cdef const uint8_t* data = <const uint8_t*>PyBytes_AS_STRING(bitmap)
    if bits <= 64:
        put(f, bits - 1, 7)
        return put_bits(f, data, bits)
    put(f, 1, 1)
    return put_pieces(f, data, bits, 1)


cdef int encode_addition(Fill* f, Member* member, dict value, int slot) except -1:
    cdef int64_t start = open_begin(f)
    if f.ops[member.op].code == GROUP:
        f.path[slot] = NO_NAME
        encode_members(f, &f.ops[member.op], value, slot)
    else:
        f.path[slot] = member.name
        encode_member(f, member, value, value[<object>f.names[member.name]])
    return open_end(f, start)


cdef inline int encode_member(Fill* f, Member* member, dict parent, object item) except -1:
    cdef Op* child = &f.ops[member.op]
    if child.code == TABLE:
        return encode_table(f, child, parent, item)
    return encode_op(f, member.op, item)


cdef Row* row_for(Fill* f, Op* op, dict parent) except NULL:
    """The row of an open type that the component beside it chooses."""
    cdef PyObject* found = NULL
    cdef Row* row = NULL
    cdef int overflow = 0
    cdef int64_t number
    if op.b >= 0:
        found = PyDict_GetItemWithError(parent, <object>f.names[op.b])
    if found is not NULL and PyLong_Check(<object>found):
        number = PyLong_AsLongLongAndOverflow(<object>found, &overflow)
        row = find_row((<Program>f.program).rows, op, number) if not overflow else NULL
    if row is NULL:
        given = <object>found if found is not NULL else "none"
        refuse(f, "unknown-id", f"id {given} is not in the table; give the octets instead of a value")
    return row


cdef int encode_table(Fill* f, Op* op, dict parent, object value) except -1:
    """An open type by table from ``(type name, value)`` or from octets."""
    cdef Row* row
    cdef int slot
    cdef int64_t start
    if not PyTuple_Check(value):
        return put_open(f, plain_octets(f, value))
    row = row_for(f, op, parent)
    if len(value) != 2:
        return refuse_type(f, "(type name, value) or bytes", value)
    slot = step_in(f)
    f.path[slot] = row.name
    if value[0] != <object>f.names[row.name]:
        return refuse(
            f, "unknown-id", f"id {row.number} stands for {<object>f.names[row.name]}, {value[0]!r} is given"
        )
    start = open_begin(f)
    encode_op(f, row.op, value[1])
    open_end(f, start)
    f.depth = slot
    return 0


cdef int encode_contents(Fill* f, Op* op, object value) except -1:
    """CONTAINING from ``(type name, value)``, or the string as it is."""
    cdef int slot
    cdef bytes octets
    cdef bint general
    if not (PyTuple_Check(value) and len(value) == 2 and PyUnicode_Check(value[0])):
        return encode_octets(f, op, value) if op.code == OCTCON else encode_bits(f, op, value)
    if value[0] != <object>f.names[op.b]:
        return refuse(f, "type", f"holds {<object>f.names[op.b]}, {value[0]!r} is given")
    slot = step_in(f)
    f.path[slot] = op.b
    octets = (<Program>f.program).encode_part(op.a, value[1], f)
    f.depth = slot
    if op.code == OCTCON:
        return encode_octets(f, op, octets)
    return encode_bits(f, op, (octets, 8 * len(octets)))


cdef int encode_choice(Fill* f, Op* op, object value) except -1:
    cdef int slot
    cdef int64_t place, start
    cdef Member* member
    cdef PyObject* found
    if not PyTuple_Check(value) or PyTuple_GET_SIZE(value) != 2 or not PyUnicode_Check(<object>PyTuple_GET_ITEM(value, 0)):
        return refuse_type(f, "(alternative, value)", value)
    slot = step_in(f)
    name = <object>PyTuple_GET_ITEM(value, 0)
    item = <object>PyTuple_GET_ITEM(value, 1)
    found = PyDict_GetItemWithError((<Program>f.program).enums[op.d], name)
    if found is NULL:
        place = unknown_index(f, name, "alternative of this CHOICE")
        if not op.flags & EXT or place < op.c:
            refuse(f, "index", f"{name!r} is not an unknown extension here")
        put(f, 1, 1)
        put_small(f, place)
        put_open(f, plain_octets(f, item))
        f.depth = slot
        return 0
    place = <object>found
    member = &f.members[op.a + place]
    f.path[slot] = member.name
    if op.flags & EXT:
        put(f, place >= op.b, 1)
    if place < op.b:
        put(f, place, op.bits)
        encode_op(f, member.op, item)
    else:
        put_small(f, place - op.b)
        start = open_begin(f)
        encode_op(f, member.op, item)
        open_end(f, start)
    f.depth = slot
    return 0


cdef int encode_list(Fill* f, Op* op, object value) except -1:
    cdef bint general
    cdef int slot
    cdef int64_t count, done = 0, piece
    if not PyList_Check(value):
        if not PyTuple_Check(value):
            return refuse_type(f, "a list", value)
        value = list(value)
    count = PyList_GET_SIZE(value)
    put_count(f, op, count, &general)
    slot = step_in(f)
    if general:
        while count - done >= FRAGMENT:
            piece = min((count - done) // FRAGMENT, 4)
            put(f, 0xC0 | piece, 8)
            encode_run(f, op, value, slot, done, done + piece * FRAGMENT)
            done += piece * FRAGMENT
        put_length(f, count - done)
    encode_run(f, op, value, slot, done, count)
    f.depth = slot
    return 0


cdef int encode_run(Fill* f, Op* op, list items, int slot, int64_t first, int64_t last) except -1:
    cdef int64_t place
    for place in range(first, last):
        if place >= PyList_GET_SIZE(items):
            return refuse(f, "size", "the list became shorter while it was encoded")
        f.path[slot] = <int32_t>(-1 - place)
        encode_op(f, op.a, <object>PyList_GET_ITEM(items, place))
    return 0
