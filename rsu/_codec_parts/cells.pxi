# One value → one cell, without the GIL but for what only Python decodes.

cdef int fill_cell(Walk* w, Rows* r, Step* step) noexcept nogil:
    cdef Op* op = &w.ops[step.op]
    cdef int code = op.code
    cdef bint beyond = False
    cdef int64_t place
    if r.columns[step.column].kind == OBJECT_CELL:
        return fill_object(w, r, step)
    elif code == BITSTR:
        return fill_flags(w, r, step, op)
    elif code == OCTSTR:
        if need(w, 8 * op.lo) < 0:
            return -1
        copy_bits(w, <uint8_t*>(r.columns[step.column].data + r.row * r.columns[step.column].stride), 8 * op.lo)
        set_why(r, step.column, KEPT)
        return 0
    elif code in (INT, ANYINT, SEMIINT, BIGINT):
        return fill_wide(w, r, step, op)
    elif code == ENUM:
        place = take_place(w, op, &beyond)
    elif code == BOOL:
        place = take_bit(w)
    else:  # NULL
        place = 1
    if place < 0:
        return -1
    if beyond:
        set_why(r, step.column, UNKNOWN)
    else:
        put_number(r, step.column, place)
    return 0


cdef int fill_wide(Walk* w, Rows* r, Step* step, Op* op) noexcept nogil:
    """An integer that may not fit its cell."""
    cdef uint64_t offset
    if op.code == INT and (not op.flags & EXT or (need(w, 1) == 0 and not bit_at(w.data, w.pos))):
        w.pos += op.flags & EXT
        if take_offset(w, op, &offset) < 0:
            return -1
        if op.flags & EXT and op.flags & UNSIGNED and <int64_t>(<uint64_t>op.lo + offset) < 0:
            set_why(r, step.column, TOO_WIDE)
        else:
            put_number(r, step.column, <int64_t>(<uint64_t>op.lo + offset))
        return 0
    return key_in_python(w, r, step, NULL)


cdef int key_in_python(Walk* w, Rows* r, Step* step, Keys* keys) noexcept with gil:
    """An integer of any size, for its cell and for the open types that it chooses."""
    cdef int overflow = 0
    cdef int64_t number = 0
    w.fault = NO_FAULT
    try:
        value = decode_plain(w, step.op)
    except BaseException as error:
        return keep_error(w, error)
    if PyLong_Check(value):
        number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if keys is not NULL and PyLong_Check(value) and not overflow:
        add_key(keys, step.name, number)
    if step.column >= 0 and overflow:
        set_why(r, step.column, TOO_WIDE)
    elif step.column >= 0:
        put_number(r, step.column, number)
    return 0


cdef int fill_flags(Walk* w, Rows* r, Step* step, Op* op) noexcept nogil:
    """Bit i of a BIT STRING → bit i of a number."""
    cdef int pieces
    cdef int64_t start = w.pos, count = take_count(w, op, &pieces)
    cdef uint64_t number = 0
    cdef int64_t place
    if count < 0:
        return -1
    if pieces or count > 64:
        w.pos = start
        set_why(r, step.column, TOO_WIDE)
        return skip_string(w, op)
    if need(w, count) < 0:
        return -1
    for place in range(count):
        number |= <uint64_t>bit_at(w.data, w.pos + place) << place
    w.pos += count
    if check_tail(w, op, count) < 0:
        return -1
    put_number(r, step.column, <int64_t>number)
    return 0


cdef int fill_object(Walk* w, Rows* r, Step* step) noexcept with gil:
    """The decoder's value."""
    try:
        keep_object(r, step.column, decode_plain(w, step.op))
    except BaseException as error:
        return keep_error(w, error)
    return 0


cdef int keep_object(Rows* r, int column, object value) except -1:
    cdef PyObject** cell = <PyObject**>(r.columns[column].data + r.row * r.columns[column].stride)
    Py_INCREF(value)
    if cell[0] is not NULL:
        Py_DECREF(<object>cell[0])
    cell[0] = <PyObject*>value
    r.why[r.row * r.count + column] = KEPT
    return 0


# What absent components with DEFAULT hold --------------------------------------------------------------------------------

cdef void fill_defaults_of(Plan plan, Rows* r, Step* step, Keys* keys) noexcept nogil:
    cdef int place
    cdef Filling* filling
    for place in range(step.fill, step.fill + step.fills):
        filling = &plan.fills[place]
        if filling.column < 0:  # of a component that chooses an open type
            add_key(keys, step.name, filling.number)
        elif filling.item >= 0:
            fill_default_object(plan, r, filling)
        else:
            put_number(r, filling.column, filling.number)


cdef void fill_default_object(Plan plan, Rows* r, Filling* filling) noexcept with gil:
    cdef Column* column = &r.columns[filling.column]
    cdef bytes octets
    value = plan.objects[filling.item]
    if column.kind == OBJECT_CELL:
        keep_object(r, filling.column, _scalars.fresh(value))
        return
    octets = value
    memcpy(column.data + r.row * column.stride, PyBytes_AS_STRING(octets), column.width)
    r.why[r.row * r.count + filling.column] = KEPT


cdef void fill_additions(Plan plan, Rows* r, Node* node, Bitmap* bitmap) noexcept nogil:
    """DEFAULTs of additions that did not come."""
    cdef Step* step = &plan.steps[node.first + node.count]
    cdef Step* last = step + node.more
    while step < last:
        if step.fills and not (bitmap is not NULL and step.place < bitmap.count and announced(bitmap, step.place)):
            fill_defaults_of(plan, r, step, NULL)
        step += 1
