# Where the parts of a SEQUENCE are: the skip walker with a memory, so that what lies before a part is passed once.

cdef enum:
    NOT_SOUGHT = -1  # a Spot's pos before the walk came there
    NOT_THERE = -2

cdef struct Spot:  # a member or element that the walk has come to
    int64_t pos
    int64_t elements  # of the message's budget, left when it begins
    Row* row          # of an open type: what it holds, or NULL where it is octets

cdef struct Trail:  # how far the walk through one SEQUENCE or LIST has come
    int64_t pos, elements  # the cursor
    int64_t next           # SEQUENCE: the entry at the cursor. LIST: the element there
    int64_t presence       # SEQUENCE: its next presence bit
    int64_t bitmap         # SEQUENCE: where the extension bitmap is, NOT_SOUGHT before the root was passed
    int64_t count          # SEQUENCE: bits of that bitmap. LIST: elements announced so far
    int64_t room           # spots allocated
    int64_t start          # LIST: the first element
    int pieces             # LIST: fragments follow
    bint more              # SEQUENCE: additions are there
    bint silent            # SEQUENCE: its bitmap announces none
    Keys keys
    Spot* spots            # SEQUENCE: each place, then each addition's own head. LIST: the elements before next


cdef Trail* new_trail(Walk* w, int64_t room) except NULL:
    cdef Trail* trail = <Trail*>PyMem_Malloc(sizeof(Trail))
    cdef int64_t place
    if trail is NULL:
        raise MemoryError()
    trail.spots = <Spot*>PyMem_Malloc((room or 1) * sizeof(Spot))
    if trail.spots is NULL:
        PyMem_Free(trail)
        raise MemoryError()
    for place in range(room):
        trail.spots[place].pos = NOT_SOUGHT
    trail.room = room
    trail.pos = trail.start = w.pos
    trail.elements = w.elements
    trail.next = trail.count = trail.pieces = trail.keys.count = 0
    trail.bitmap = NOT_SOUGHT
    trail.more = trail.silent = False
    return trail


cdef void free_trail(Trail* trail) noexcept:
    if trail is not NULL:
        PyMem_Free(trail.spots)
        PyMem_Free(trail)


# SEQUENCE ---------------------------------------------------------------------------------------------------------------

cdef Trail* open_sequence(Walk* w, Op* op, Layout layout) except NULL:
    """Stands before the first component; nothing of it was read yet."""
    cdef Trail* trail
    cdef int64_t presence
    cdef int more = 0
    if op.flags & EXT:
        more = <int>checked(w, take_bit(w))
    checked(w, need(w, op.d))
    presence = w.pos
    w.pos += op.d
    trail = new_trail(w, layout.count + op.c)
    trail.presence = presence
    trail.more = more
    if not more:
        mark_absent(op, layout, trail, NULL)
    return trail


cdef void mark_absent(Op* op, Layout layout, Trail* trail, Bitmap* bitmap) noexcept:
    """Notes which additions did not come."""
    cdef int64_t addition, place
    for addition in range(op.c):
        if bitmap is not NULL and addition < bitmap.count and announced(bitmap, addition):
            continue
        trail.spots[layout.count + addition].pos = NOT_THERE
        for place in range(layout.firsts[op.b + addition], layout.firsts[op.b + addition + 1]):
            trail.spots[place].pos = NOT_THERE


cdef int seek_entry(Walk* w, Op* op, Layout layout, Trail* trail, int64_t entry, int64_t last) noexcept:
    """Walks up to an entry: passes what is before it, and notes where each part is.

    From ``op.b`` on the extension bitmap is read, then additions up to ``last``.
    """
    cdef int64_t found = 0
    cdef int slot = w.depth - 1
    cdef Spot* spot
    w.pos, w.elements = trail.pos, trail.elements
    if trail.next < op.b:
        found = pass_members(w, op, slot, &trail.keys, trail.spots, &trail.next, &trail.presence, entry)
        spot = &trail.spots[trail.next]
        if found < 0 and spot.pos >= 0:  # the next call begins where the damaged component does
            trail.pos, trail.elements = spot.pos, spot.elements
        else:
            trail.pos, trail.elements = w.pos, w.elements
        if found < 0:
            return -1
    if not trail.more or entry < op.b:
        return 0
    if trail.bitmap == NOT_SOUGHT and read_bitmap(w, op, layout, trail, slot) < 0:
        return -1
    while trail.next < op.b + op.c and trail.next <= last:
        if pass_addition(w, op, layout, trail, trail.next == last, slot) < 0:
            return -1
        if trail.next == last:
            return 0
        trail.pos, trail.elements = w.pos, w.elements
        trail.next += 1
    return 0


cdef int64_t pass_members(Walk* w, Op* op, int slot, Keys* keys, Spot* spots, int64_t* following, int64_t* presence,
                          int64_t last) noexcept:
    """As :c:func:`skip_members` from one entry up to another, with their spots noted; gives how many were there."""
    cdef Member* member
    cdef int64_t found = 0
    while following[0] < op.b and following[0] <= last:
        member = &w.members[op.a + following[0]]
        if member.flags & (OPTIONAL | DEFAULT) and not bit_at(w.data, presence[0]):
            if absent_key(w, member, keys) < 0:
                return -1
            found += member.flags & DEFAULT != 0
            spots[following[0]].pos = NOT_THERE
        else:
            w.path[slot] = member.name
            if note_spot(w, member, keys, &spots[following[0]]) < 0:
                return -1
            if following[0] == last:
                return found
            if skip_member(w, member, keys) < 0:
                return -1
            found += 1
        presence[0] += member.flags & (OPTIONAL | DEFAULT) != 0
        following[0] += 1
    return found


cdef int note_spot(Walk* w, Member* member, Keys* keys, Spot* spot) noexcept:
    """Remembers the cursor, and for an open type what it holds."""
    cdef Op* child = &w.ops[member.op]
    cdef Row* row = NULL
    if child.code == TABLE:
        row = row_of(w, child, keys)
        if row is not NULL and not w.strict and not holds(w, row):
            if w.fault:
                return -1
            row = NULL
    spot.row = row
    spot.elements = w.elements
    spot.pos = w.pos
    return 0


cdef bint holds(Walk* w, Row* row) noexcept:
    """Whether an open type decodes; in relaxed mode it is octets where it does not."""
    cdef int64_t start = w.pos, elements = w.elements
    cdef int depth = w.depth, slot = enter(w)
    cdef bint good = slot < 0 or skip_window(w, row.op, slot, row.name) == 0  # too deep is for the reader to say
    if w.fault == RAISED and not forgive(w):
        return False
    w.fault = NO_FAULT
    w.pos, w.elements, w.depth = start, elements, depth
    return good


cdef int read_bitmap(Walk* w, Op* op, Layout layout, Trail* trail, int slot) noexcept:
    cdef Bitmap bitmap
    cdef int64_t start = w.pos
    cdef int result
    w.path[slot] = NO_NAME
    result = take_bitmap(w, &bitmap, op.c)
    if result == 0:
        mark_absent(op, layout, trail, &bitmap)
        trail.count = bitmap.count
        trail.silent = bits_set(bitmap.bits, bitmap.first, bitmap.first + bitmap.count) == 0
        trail.pos, trail.elements = w.pos, w.elements
        trail.bitmap = start
    free(bitmap.copy)
    return result


cdef int pass_addition(Walk* w, Op* op, Layout layout, Trail* trail, bint stay, int slot) noexcept:
    """An addition or a group with the spots in it noted; with ``stay`` not past one that is no group."""
    cdef Member* member = &w.members[op.a + trail.next]
    cdef Op* child = &w.ops[member.op]
    cdef Spot* head = &trail.spots[layout.count + trail.next - op.b]
    cdef Spot* spots = &trail.spots[layout.firsts[trail.next]]
    cdef Window window
    cdef int64_t found
    if head.pos == NOT_THERE:
        return 0
    head.pos, head.elements = w.pos, w.elements
    w.path[slot] = name_before(w, op, layout, trail, trail.next)
    if open_window(w, &window, slot, NO_NAME if child.code == GROUP else member.name) < 0:
        return -1
    if child.code == GROUP:
        found = pass_group(w, child, slot, &trail.keys, spots)
    else:
        found = note_spot(w, member, &trail.keys, spots)
        if found == 0 and not stay:
            found = skip_member(w, member, &trail.keys)
        elif found == 0:
            outside(w, &window)
            return 0
    return shut_window(w, &window) if found >= 0 else abandon_window(w, &window)


cdef int64_t pass_group(Walk* w, Op* op, int slot, Keys* keys, Spot* spots) noexcept:
    cdef int64_t presence = w.pos, following = 0, found
    if need(w, op.d) < 0:
        return -1
    w.pos += op.d
    found = pass_members(w, op, slot, keys, spots, &following, &presence, op.b)
    return found if found else complain(w, EMPTY_GROUP, 0, 0)


cdef int32_t name_before(Walk* w, Op* op, Layout layout, Trail* trail, int64_t entry) noexcept:
    """What the path says while an addition's length is read: the decoders name it after that, so the member before."""
    cdef int64_t place
    while entry > op.b:
        entry -= 1
        if trail.spots[layout.count + entry - op.b].pos >= 0:
            for place in range(layout.firsts[entry + 1] - 1, layout.firsts[entry] - 1, -1):
                if trail.spots[place].pos >= 0:
                    return w.members[layout.members[place]].name
            return NO_NAME
    return NO_NAME


cdef dict unknown_additions(Walk* w, Op* op, Trail* trail):
    """What ``"..."`` holds; every known addition was passed. The cursor of the trail stands behind them."""
    cdef Bitmap bitmap
    cdef int64_t place
    cdef dict extra = {}
    w.path[w.depth - 1] = NO_NAME
    w.pos = trail.bitmap
    try:
        checked(w, take_bitmap(w, &bitmap, trail.count))
        w.pos, w.elements = trail.pos, trail.elements
        for place in range(op.c, trail.count):
            if announced(&bitmap, place):
                extra[place] = take_raw(w)
    finally:
        free(bitmap.copy)
    if trail.count - 1 not in extra:
        extra[trail.count - 1] = None
    return extra
