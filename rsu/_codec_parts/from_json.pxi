# JSON → the codec's values: msgspec parses the text, and what it gave is walked beside the ops.
#
# What the encoder checks is left to it, but for kinds of value that Python does not tell apart (`true` is 1, 1.0 is 1): where a
# component equals its DEFAULT the encoder leaves it out before it looks at its kind.

cdef object parse_json(Fill* f, object text):
    """The text's values, all keys of an object different."""
    cdef bytes octets
    if not isinstance(text, (str, bytes, bytearray, memoryview)):
        raise TypeError(f"str, bytes, bytearray or memoryview is needed, {type(text).__name__} is given")
    try:
        octets = text.encode() if isinstance(text, str) else octets_of(text)
        node = msgspec.json.decode(octets)
        if keys_of_text(PyBytes_AS_STRING(octets), PyBytes_GET_SIZE(octets)) != keys_of_node(node):
            refuse(f, "json", f"an object has the key {_scalars.repeated_key(octets)!r} twice")
    except ValueError as error:
        refuse(f, "json", f"no JSON text: {error}")
    except RecursionError:
        refuse(f, "depth", "the text is nested too deep")
    return node


cdef int64_t keys_of_text(const char* text, Py_ssize_t length) noexcept:
    """Keys of all objects of a text that is known to be JSON: its colons outside strings."""
    cdef int64_t found = 0
    cdef bint quoted = False
    cdef Py_ssize_t place = 0
    while place < length:
        if text[place] == c'"':
            quoted = not quoted
        elif text[place] == c"\\":
            place += 1
        elif text[place] == c":" and not quoted:
            found += 1
        place += 1
    return found


cdef int64_t keys_of_node(object node) except -1:
    cdef int64_t found = 0
    if PyDict_Check(node):
        found = PyDict_Size(node)
        for item in (<dict>node).values():
            found += keys_of_node(item)
    elif PyList_Check(node):
        for item in <list>node:
            found += keys_of_node(item)
    return found


cdef object from_node(Fill* f, int32_t index, object node):
    """The codec's value of what JSON has at this place."""
    cdef Op* op = &f.ops[index]
    cdef int code = op.code
    if code == INT or code == BIGINT or code == SEMIINT or code == ANYINT:
        return expect(f, node, int, "an integer")
    elif code == SEQUENCE:
        return sequence_from(f, op, node)
    elif code == CHOICE:
        return choice_from(f, op, node)
    elif code == LIST:
        return list_from(f, op, node)
    elif code == BOOL:
        return expect(f, node, bool, "true or false")
    elif code == NULL_OP:
        return expect(f, node, type(None), "null")
    elif code == OCTSTR or code == OPEN or code == TABLE:
        return octets_from(f, node)
    elif code == BITSTR:
        return bits_from(f, op, node)
    elif code == OCTCON or code == BITCON:
        return contents_from(f, op, node)
    elif code == REAL:
        return real_from(f, node)
    elif code == GENTIME:
        return time_from(f, _scalars.generalized_time, node)
    elif code == UTCTIME:
        return time_from(f, _scalars.utc_time, node)
    return expect(f, node, str, "a string")


cdef object expect(Fill* f, object node, type kind, object wanted):
    if type(node) is not kind:
        refuse_type(f, wanted, node)
    return node


cdef dict sequence_from(Fill* f, Op* op, object node):
    cdef int slot = step_in(f)
    cdef dict given = expect(f, node, dict, "an object")
    cdef dict value = {}
    cdef int64_t used = members_from(f, op, op.b + op.c, given, value, slot)
    f.path[slot] = NO_NAME
    if op.flags & EXT and "..." in given:
        value["..."] = unknown_from(f, given["..."])
        used += 1
    if used != PyDict_Size(given):
        unknown_component(f, op, given)
    f.depth = slot
    return value


cdef int64_t members_from(Fill* f, Op* op, int32_t count, dict given, dict value, int slot) except -1:
    """The components of a SEQUENCE or group that are there; gives how many."""
    cdef Member* member
    cdef PyObject* found
    cdef int32_t place
    cdef int64_t used = 0
    for place in range(count):
        member = &f.members[op.a + place]
        if f.ops[member.op].code == GROUP:
            used += members_from(f, &f.ops[member.op], f.ops[member.op].b, given, value, slot)
            continue
        found = PyDict_GetItemWithError(given, <object>f.names[member.name])
        if found is NULL:
            if member.flags & KEY and member.flags & DEFAULT:  # the open type beside it needs its value
                value[<object>f.names[member.name]] = <object>f.objects[member.value]
            continue
        used += 1
        f.path[slot] = member.name
        value[<object>f.names[member.name]] = member_from(f, member, value, <object>found)
    return used


cdef object member_from(Fill* f, Member* member, dict value, object node):
    cdef Op* child = &f.ops[member.op]
    if child.code == TABLE and PyDict_Check(node):
        return table_from(f, child, value, node)
    return from_node(f, member.op, node)


cdef tuple table_from(Fill* f, Op* op, dict value, object node):
    """An open type by table from ``{"TypeName": value}``; the components before it tell which row it is."""
    cdef Row* row = row_for(f, op, value)
    cdef int slot = step_in(f)
    f.path[slot] = row.name
    name, content = single(f, node)
    if name != <object>f.names[row.name]:
        refuse(f, "unknown-id", f"id {row.number} stands for {<object>f.names[row.name]}, {name!r} is given")
    content = from_node(f, row.op, content)
    f.depth = slot
    return name, content


cdef tuple single(Fill* f, object node):
    """The one key of an object and what it holds."""
    if not PyDict_Check(node) or PyDict_Size(node) != 1:
        refuse_type(f, "an object of one key", node)
    return next(iter((<dict>node).items()))


cdef dict unknown_from(Fill* f, object node):
    """Additions that the schema does not know: ``{"3": "HEX", "5": null}``."""
    cdef dict value = {}
    for name, item in expect(f, node, dict, "an object of octets under '...'").items():
        if not (name.isascii() and name.isdigit() and len(name) <= 5 and str(int(name)) == name):
            refuse(f, "index", f"{name!r} is no extension addition's index")
        value[int(name)] = None if item is None else octets_from(f, item)
    return value


cdef tuple choice_from(Fill* f, Op* op, object node):
    cdef int slot = step_in(f)
    cdef PyObject* found
    cdef Member* member
    name, item = single(f, node)
    found = PyDict_GetItemWithError((<Program>f.program).enums[op.d], name)
    if found is NULL:
        unknown_index(f, name, "alternative of this CHOICE")
        item = octets_from(f, item)
    else:
        member = &f.members[op.a + <int32_t><object>found]
        f.path[slot] = member.name
        item = from_node(f, member.op, item)
    f.depth = slot
    return name, item


cdef list list_from(Fill* f, Op* op, object node):
    cdef int slot = step_in(f)
    cdef Py_ssize_t place
    cdef list given = expect(f, node, list, "an array")
    cdef list items = []
    for place in range(PyList_GET_SIZE(given)):
        f.path[slot] = <int32_t>(-1 - place)
        items.append(from_node(f, op.a, given[place]))
    f.depth = slot
    return items


cdef bytes octets_from(Fill* f, object node):
    """Hex, in capitals or not."""
    try:
        return unhexlify(expect(f, node, str, "octets in hex"))
    except ValueError:
        refuse(f, "encoding", "a string of hex digits, two an octet, is needed")


cdef tuple bits_from(Fill* f, Op* op, object node):
    """Hex where the type has one size in its root, or ``{"value": hex, "length": bits}``."""
    cdef bytes octets
    cdef int64_t count = op.lo
    if PyDict_Check(node):
        if node.keys() != {"value", "length"}:
            refuse(f, "type", "an object of value and length is needed")
        octets = octets_from(f, node["value"])
        length = expect(f, node["length"], int, "an integer")
        count = length if 0 <= length <= 8 * PyBytes_GET_SIZE(octets) else -1
    else:
        octets = octets_from(f, node)
        if op.span != 0:
            refuse(f, "type", "a BIT STRING of more than one size is an object of value and length")
    if count < 0 or (count + 7) >> 3 != PyBytes_GET_SIZE(octets):
        refuse(f, "size", f"{PyBytes_GET_SIZE(octets)} octets do not fit the number of bits")
    if count & 7 and octets[PyBytes_GET_SIZE(octets) - 1] & (0xFF >> (count & 7)):
        refuse(f, "padding", "bits after the last one are not zero")
    return octets, count


cdef object contents_from(Fill* f, Op* op, object node):
    """CONTAINING from ``{"TypeName": value}``, or the string as it is."""
    cdef int slot
    name = <object>f.names[op.b]
    if not PyDict_Check(node) or name not in node:
        return octets_from(f, node) if op.code == OCTCON else bits_from(f, op, node)
    slot = step_in(f)
    f.path[slot] = op.b
    content = from_node(f, op.a, single(f, node)[1])
    f.depth = slot
    return name, content


cdef object real_from(Fill* f, object node):
    if type(node) is str and node in _scalars.REALS:
        return _scalars.REALS[node]
    if type(node) is not float and type(node) is not int:
        refuse_type(f, "a number, or one of the strings INF, -INF, NaN, -0", node)
    try:
        return float(node)
    except OverflowError:
        refuse(f, "range", "a REAL beyond the range of a double")


cdef object time_from(Fill* f, object reader, object node):
    try:
        return reader(expect(f, node, str, "a time as a string"))
    except ValueError as error:
        refuse(f, "encoding", str(error))
