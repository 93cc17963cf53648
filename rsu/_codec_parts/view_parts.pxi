# The parts of a view: how the cursor gets to one, and what Python sees of it.

cdef struct Part:  # the cursor is at its content
    int32_t op, name
    int32_t member  # place in Program.members, or -1 for elements and for what open types hold
    Row* row        # of an open type: what it holds, or NULL
    bint inside     # in a window of its own, or in that of its group
    bint alone      # the window holds nothing else
    Window window


cdef int begin(MessageView v, Walk* w) except -1:
    """The cursor at the head of the view's value, the path down to it taken."""
    cdef MessageView above = v
    if v.program is None:
        raise TypeError("views are made by Schema.view()")
    v.program._start(w, v.octets, v.type_name, False, v.strict, True, None, v.elements, v.max_depth)
    w.pos, w.end, w.base = v.pos, v.end, v.base
    w.depth = v.depth
    while above.parent is not None:
        w.path[above.depth - 1] = above.name
        above = above.parent
    return 0


cdef int clear_part(Part* part, int32_t op, int32_t name) noexcept:
    part.op, part.name = op, name
    part.member = -1
    part.row = NULL
    part.inside = part.alone = False
    part.window.copy = NULL
    return 0


cdef int begin_sequence(MessageView v, Walk* w, Layout layout) except -1:
    """The cursor in a SEQUENCE, its slot of the path taken."""
    begin(v, w)
    checked(w, enter(w))
    if v.trail is NULL:
        v.trail = open_sequence(w, &w.ops[v.op], layout)
    return 0


cdef int seek(MessageView v, Walk* w, Layout layout, int64_t entry, int64_t last, int64_t place) except -1:
    """As :c:func:`seek_entry`, unless the place was found before.

    Works on a copy of the trail: a component that Python decodes may let another thread walk the same view. A fault behind
    the place wanted, in its group, is no matter of this call.
    """
    cdef Trail trail
    cdef int result
    if place >= 0 and v.trail.spots[place].pos != NOT_SOUGHT:
        return 0
    trail = v.trail[0]
    result = seek_entry(w, &w.ops[v.op], layout, &trail, entry, last)
    if trail.next >= v.trail.next:
        v.trail[0] = trail
    if result < 0:
        if place < 0 or trail.spots[place].pos == NOT_SOUGHT:
            raise_fault(w)
        drop_fault(w)
    return 0


cdef int reach_member(MessageView v, Walk* w, Layout layout, int32_t place, Part* part) except -1:
    """1 with the cursor at a component, 0 where it is absent."""
    cdef int32_t entry = layout.entries[place]
    cdef Member* member
    cdef Op* op
    cdef Spot* spot
    cdef Spot* head
    cdef bint group
    begin_sequence(v, w, layout)
    op = &w.ops[v.op]
    seek(v, w, layout, entry, entry, place)
    spot = &v.trail.spots[place]
    if spot.pos == NOT_THERE:
        return 0
    member = &w.members[layout.members[place]]
    clear_part(part, member.op, member.name)
    part.member = layout.members[place]
    part.row = spot.row
    if entry >= op.b:
        head = &v.trail.spots[layout.count + entry - op.b]
        group = w.ops[w.members[op.a + entry].op].code == GROUP
        w.pos, w.elements = head.pos, head.elements
        w.path[w.depth - 1] = name_before(w, op, layout, v.trail, entry)
        checked(w, open_window(w, &part.window, w.depth - 1, NO_NAME if group else member.name))
        part.inside, part.alone = True, not group
    w.path[w.depth - 1] = member.name
    w.pos, w.elements = spot.pos, spot.elements
    return 1


cdef int presence_of(MessageView v, Walk* w, Layout layout, int32_t place) except -1:
    """2: the component is there. 1: it is absent and has a DEFAULT. 0: it is absent. The walk is in the SEQUENCE."""
    cdef Op* op = &w.ops[v.op]
    cdef int32_t entry = layout.entries[place], before
    cdef int64_t bit = v.trail.start - op.d
    cdef Member* member = &w.members[layout.members[place]]
    if entry < op.b:
        if not member.flags & (OPTIONAL | DEFAULT):
            return 2
        for before in range(entry):
            bit += w.members[op.a + before].flags & (OPTIONAL | DEFAULT) != 0
        return 2 if bit_at(w.data, bit) else member.flags & DEFAULT != 0
    if v.trail.more and v.trail.bitmap == NOT_SOUGHT:
        seek(v, w, layout, op.b, op.b - 1, -1)
    if w.ops[w.members[op.a + entry].op].code != GROUP:
        return 2 if v.trail.spots[place].pos != NOT_THERE else member.flags & DEFAULT != 0
    if v.trail.spots[layout.count + entry - op.b].pos == NOT_THERE:
        return 0
    seek(v, w, layout, entry, entry, place)
    return 2 if v.trail.spots[place].pos != NOT_THERE else member.flags & DEFAULT != 0


cdef bint has_unknown(MessageView v, Walk* w, Layout layout) except -1:
    """Whether there is a ``"..."``: additions that the schema does not know, or a bitmap of another length than its own."""
    cdef Op* op = &w.ops[v.op]
    if not v.trail.more:
        return False
    if v.trail.bitmap == NOT_SOUGHT:
        seek(v, w, layout, op.b, op.b - 1, -1)
    return v.trail.count != op.c or v.trail.silent


cdef int reach_only(MessageView v, Walk* w, Part* part, int64_t* unknown) except -1:
    """1 with the cursor at what a CHOICE or open type holds; 0 at an alternative that the schema does not know."""
    cdef Op* op
    cdef bint beyond = False
    cdef int64_t place
    begin(v, w)
    op = &w.ops[v.op]
    if op.code == OCTCON or op.code == BITCON:
        clear_part(part, op.a, op.b)
        checked(w, open_contents(w, &part.window, op))
        part.inside = part.alone = True
        return 1
    checked(w, enter(w))
    if op.code == TABLE:
        clear_part(part, v.row.op, v.row.name)
        part.inside = True
    else:
        place = checked(w, take_place(w, op, &beyond))
        if beyond:
            unknown[0] = place
            return 0
        clear_part(part, w.members[op.a + place].op, w.members[op.a + place].name)
        part.inside = place >= op.b
    part.alone = part.inside
    if part.inside:
        checked(w, open_window(w, &part.window, w.depth - 1, part.name))
    w.path[w.depth - 1] = part.name
    return 1


cdef int begin_list(MessageView v, Walk* w) except -1:
    begin(v, w)
    if v.trail is NULL:
        v.trail = open_list(w, &w.ops[v.op])
        return 0
    checked(w, enter(w))
    return 0


cdef int64_t list_length(MessageView v, Walk* w) except -1:
    """The number of elements; of a list in fragments all but the last fragment is walked."""
    while v.trail.pieces:
        seek_element(w, &w.ops[v.op], v.trail, v.trail.count)
    return v.trail.count


cdef int reach_element(MessageView v, Walk* w, int64_t index, Part* part) except -1:
    """1 with the cursor at an element, 0 where the list has none of that number; a negative one counts from the end."""
    cdef Op* op
    cdef int64_t width
    begin_list(v, w)
    op = &w.ops[v.op]
    if index < 0:
        index += list_length(v, w)
    if index < 0:
        return 0
    clear_part(part, op.a, <int32_t>(-1 - index))
    width = v.program.width(op.a)
    if width < 0 or v.trail.pieces or v.trail.next:
        return seek_element(w, op, v.trail, index)
    w.pos, w.elements = v.trail.start + index * width, v.trail.elements
    w.path[w.depth - 1] = part.name
    return index < v.trail.count


cdef object take_part(MessageView v, Walk* w, Part* part):
    """What Python sees of the part at the cursor: a view of what has members, the value of what has none."""
    cdef int code = w.ops[part.op].code
    try:
        if part.row is not NULL or code == SEQUENCE or code == CHOICE or code == LIST or code == OCTCON or code == BITCON:
            return part_view(v, w, part)
        value = decode_op(w, part.op)
        if part.alone:
            checked(w, close_window(w, part.window.start, True))
        return value
    finally:
        free(part.window.copy)


cdef MessageView part_view(MessageView v, Walk* w, Part* part):
    cdef MessageView child = MessageView.__new__(MessageView)
    child.program = v.program
    child.type_name = v.type_name
    child.parent = v
    child.octets = v.octets
    child.pieces = v.pieces
    if part.window.copy is not NULL:
        child.octets = PyBytes_FromStringAndSize(<char*>part.window.copy, w.octets)
        child.pieces = v.pieces or part.window.count >= FRAGMENT
    child.op, child.name, child.row = part.op, part.name, part.row
    child.pos, child.end, child.base, child.elements = w.pos, w.end, w.base, w.elements
    child.depth, child.max_depth, child.strict = w.depth, v.max_depth, v.strict
    return child
