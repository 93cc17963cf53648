# A few fields by a plan: one walk that passes what lies between them and ends with the last. The plan is a tree of steps.

cdef enum:
    MAX_FIELDS = 16

cdef struct PeekStep:  # a part of a value that the plan goes into or reads
    int32_t place    # entry of a SEQUENCE's root, alternative of a CHOICE, row of an open type
    int32_t first    # its steps within, by place
    int32_t count
    int32_t field    # which field it is, or -1
    int32_t message  # what the message is called from here on: place in the plan's names, or -1
    bint identifies  # its alternative or row says which message it is

cdef struct Reading:
    PeekStep* steps
    PyObject** rows     # the plan's message names
    PyObject* message   # borrowed from there or from the program, or NULL
    int64_t number
    bint numbered
    int64_t unknown     # number of an alternative beyond the schema, or -1
    PyObject* fields    # the tuple in the making: message, its number, then the fields

cdef extern from *:
    """
    /* An empty tuple of a NamedTuple's own class; its __new__ is Python code and costs more than the walk. */
    static inline PyObject *rsu_new_tuple(PyObject *kind, Py_ssize_t size) {
        return ((PyTypeObject *)kind)->tp_alloc((PyTypeObject *)kind, size);
    }
    """
    object rsu_new_tuple(object kind, Py_ssize_t size)
    void rsu_set_item "PyTuple_SET_ITEM" (object made, Py_ssize_t place, PyObject* item)
    PyObject* rsu_get_item "PyTuple_GET_ITEM" (object made, Py_ssize_t place)


cdef int give(object made, Py_ssize_t place, object item) except -1:
    if rsu_get_item(made, place) is NULL:
        Py_INCREF(item)
        rsu_set_item(made, place, <PyObject*>item)
    return 0


cdef class FieldPlan:
    """Which fields of a type's values are read, ready to run; made by :meth:`TypeCodec.plan`."""

    cdef Program program
    cdef int32_t op
    cdef object type_name, kind
    cdef list names
    cdef PyObject** name_items
    cdef PeekStep* steps
    cdef int field_count

    def __dealloc__(self):
        PyMem_Free(self.steps)
        PyMem_Free(self.name_items)

    def read(self, data):
        """``kind(message, number, *fields)``; a field that is not there is ``None``."""
        return read_plan(self, data)


cdef object read_plan(FieldPlan plan, object data):
    cdef Walk w
    cdef Reading reading
    cdef Py_ssize_t place
    cdef bytes octets = data if type(data) is bytes else octets_of(data)
    if plan.steps is NULL:
        raise TypeError("plans are made by TypeCodec.plan()")
    made = rsu_new_tuple(plan.kind, 2 + plan.field_count)
    plan.program._start(&w, octets, plan.type_name, False, True, True, None, 10_000, 64)
    reading.steps, reading.rows, reading.fields = plan.steps, plan.name_items, <PyObject*>made
    reading.message = <PyObject*>plan.type_name
    reading.numbered, reading.number, reading.unknown = False, 0, -1
    read_op(&w, &reading, plan.op, plan.steps, False)
    give(made, 0, f"...{reading.unknown}" if reading.unknown >= 0 else <object>reading.message)
    if reading.numbered:
        give(made, 1, PyLong_FromLongLong(reading.number))
    for place in range(1, 2 + plan.field_count):
        give(made, place, None)
    return made


cdef int read_op(Walk* w, Reading* reading, int32_t index, PeekStep* step, bint finish) except -1:
    """What a step wants of the value at the cursor; with ``finish`` the cursor ends behind the value."""
    cdef int code = w.ops[index].code
    if step.message >= 0:
        reading.message = reading.rows[step.message]
    if step.field >= 0:
        give(<object>reading.fields, 2 + step.field, decode_op(w, index))
    elif not step.count:
        if finish:
            checked(w, skip_op(w, index))
    elif code == SEQUENCE:
        read_sequence(w, reading, &w.ops[index], step, finish)
    else:
        read_choice(w, reading, &w.ops[index], step, finish)
    return 0


cdef int read_sequence(Walk* w, Reading* reading, Op* op, PeekStep* step, bint finish) except -1:
    cdef int slot = <int>checked(w, enter(w))
    cdef bint more = op.flags & EXT and checked(w, take_bit(w)) != 0
    cdef PeekStep* wanted = &reading.steps[step.first]
    cdef PeekStep* behind = wanted + step.count
    cdef int64_t presence = w.pos
    cdef int32_t entry
    cdef Member* member
    cdef Keys keys
    keys.count = 0
    checked(w, need(w, op.d))
    w.pos += op.d
    for entry in range(op.b):
        if wanted == behind and not finish:
            return 0
        member = &w.members[op.a + entry]
        presence += member.flags & (OPTIONAL | DEFAULT) != 0
        if member.flags & (OPTIONAL | DEFAULT) and not bit_at(w.data, presence - 1):
            checked(w, absent_key(w, member, &keys))
            wanted += wanted < behind and wanted.place == entry
            continue
        w.path[slot] = member.name
        if wanted < behind and wanted.place == entry:
            wanted += 1
            read_member(w, reading, member, &keys, wanted - 1, finish or wanted < behind)
        else:
            checked(w, skip_member(w, member, &keys))
    if finish:
        if more:
            checked(w, skip_additions(w, op, slot, &keys))
        w.depth = slot
    return 0


cdef int read_member(Walk* w, Reading* reading, Member* member, Keys* keys, PeekStep* step, bint finish) except -1:
    cdef Op* child = &w.ops[member.op]
    cdef int64_t start = w.pos
    if child.code == TABLE:
        return read_table(w, reading, child, keys, step, finish)
    read_op(w, reading, member.op, step, finish)
    if member.flags & KEY:
        w.pos = start
        checked(w, skip_member(w, member, keys))
    return 0


cdef int read_table(Walk* w, Reading* reading, Op* op, Keys* keys, PeekStep* step, bint finish) except -1:
    """What an open type holds, where the plan has its row; else past it."""
    cdef Row* row = row_of(w, op, keys)
    cdef PeekStep* inner = NULL
    cdef int place, slot
    for place in range(keys.count):
        if step.identifies and keys.names[place] == op.b:
            reading.numbered, reading.number = True, keys.numbers[place]
    if row is not NULL:
        inner = step_at(reading, step, <int32_t>(row - w.rows))
        if step.identifies:
            reading.message = w.names[row.name]
    if inner is NULL:
        if finish:
            checked(w, skip_table(w, op, row))
        return 0
    slot = <int>checked(w, enter(w))
    read_window(w, reading, row.op, row.name, slot, inner, finish)
    w.depth = slot
    return 0


cdef int read_choice(Walk* w, Reading* reading, Op* op, PeekStep* step, bint finish) except -1:
    cdef int slot = <int>checked(w, enter(w))
    cdef bint beyond
    cdef int64_t place = checked(w, take_place(w, op, &beyond))
    cdef Member* member = &w.members[op.a + place]
    cdef PeekStep nothing
    cdef PeekStep* inner
    if beyond:
        if step.identifies:
            reading.unknown = place
        if finish:
            checked(w, skip_raw(w))
        w.depth = slot
        return 0
    if step.identifies:
        reading.message = w.names[member.name]
        reading.numbered, reading.number = True, place
    inner = step_at(reading, step, <int32_t>place)
    if inner is NULL:
        nothing.count, nothing.field, nothing.message = 0, -1, -1
        inner = &nothing
    if place >= op.b:
        read_window(w, reading, member.op, member.name, slot, inner, finish)
    else:
        w.path[slot] = member.name
        read_op(w, reading, member.op, inner, finish)
    w.depth = slot
    return 0


cdef int read_window(Walk* w, Reading* reading, int32_t index, int32_t name, int slot, PeekStep* step, bint finish) except -1:
    """A value inside an open type."""
    cdef Window window
    checked(w, open_window(w, &window, slot, name))
    try:
        read_op(w, reading, index, step, finish)
    except BaseException:
        free(window.copy)
        raise
    if finish:
        checked(w, shut_window(w, &window))
    else:
        free(window.copy)
    return 0


cdef PeekStep* step_at(Reading* reading, PeekStep* step, int32_t place) noexcept:
    """The step to an alternative or row, or NULL."""
    cdef int32_t number
    for number in range(step.first, step.first + step.count):
        if reading.steps[number].place == place:
            return &reading.steps[number]
    return NULL
