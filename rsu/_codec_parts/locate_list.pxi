# Where the elements of a list are: those before the cursor are kept, so that iterating is linear.

cdef Trail* open_list(Walk* w, Op* op) except NULL:
    """Stands before the first element."""
    cdef Trail* trail
    cdef int pieces
    cdef int64_t count = checked(w, take_count(w, op, &pieces))
    checked(w, enter(w))
    checked(w, afford(w, op.a, count))
    trail = new_trail(w, 0)
    trail.count = count
    trail.pieces = pieces
    return trail


cdef int seek_element(Walk* w, Op* op, Trail* trail, int64_t index) except -1:
    """Puts the cursor at an element and gives 1, or gives 0 where the list ends before it.

    Reads the trail anew after each element: one that Python decodes may let another thread walk the same list.
    """
    cdef int slot = w.depth - 1
    cdef int64_t here
    while index >= trail.next and (trail.next < trail.count or trail.pieces):
        here = trail.next
        w.pos, w.elements = trail.pos, trail.elements
        w.path[slot] = <int32_t>(-1 - here) if here < trail.count else <int32_t>-here if here else NO_NAME
        if here == trail.count:
            open_piece(w, op, trail)
        elif here == index:
            return 1
        else:
            checked(w, skip_op(w, op.a))
            if trail.next == here:
                pass_element(w, trail)
    if index >= trail.next:
        return 0
    w.path[slot] = <int32_t>(-1 - index)
    w.pos, w.elements = trail.spots[index].pos, trail.spots[index].elements
    return 1


cdef int open_piece(Walk* w, Op* op, Trail* trail) except -1:
    """The next fragment of a list (X.691 11.9.3.8)."""
    cdef int pieces = trail.pieces
    cdef int64_t count = checked(w, take_length(w, &pieces))
    checked(w, afford(w, op.a, count))
    trail.pos, trail.elements = w.pos, w.elements
    trail.count += count
    trail.pieces = pieces
    return 0


cdef int pass_element(Walk* w, Trail* trail) except -1:
    """The element at the trail's cursor was walked past."""
    cdef Spot* spots = trail.spots
    if trail.next == trail.room:
        spots = <Spot*>PyMem_Realloc(trail.spots, (2 * trail.room + 8) * sizeof(Spot))
        if spots is NULL:
            raise MemoryError()
        trail.spots = spots
        trail.room = 2 * trail.room + 8
    spots[trail.next].pos, spots[trail.next].elements = trail.pos, trail.elements
    trail.pos, trail.elements = w.pos, w.elements
    trail.next += 1
    return 0
