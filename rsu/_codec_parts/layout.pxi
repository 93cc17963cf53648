# What a walk by name needs besides the op program, made when a type is first asked for it: names → members, fixed widths.

cdef enum:
    NOT_COUNTED = -2       # a width nobody asked for yet
    NO_WIDTH = -1          # a value may take more or fewer bits
    WIDTH_LEVELS = 16      # of SEQUENCEs inside an element that still counts as fixed

cdef class Layout:
    """The members of a SEQUENCE or CHOICE by name, those of its groups among them.

    A *place* counts members; an *entry* counts what the op's own table holds, where a group is one.
    """

    cdef dict places       # name, or its spelling as an attribute, → place
    cdef list names        # in order of place
    cdef int32_t count
    cdef int32_t* members  # place → place in Program.members
    cdef int32_t* entries  # place → entry
    cdef int32_t* firsts   # entry → its first place; one more than there are entries

    def __dealloc__(self):
        PyMem_Free(self.members)
        PyMem_Free(self.entries)
        PyMem_Free(self.firsts)


cdef Layout member_layout(Op* ops, Member* members, list names, Op* op):
    cdef Layout layout = Layout.__new__(Layout)
    cdef int32_t entry, place = 0
    cdef list own = own_members(ops, members, op)
    cdef Op* child
    layout.count = <int32_t>len(own)
    layout.members = <int32_t*>PyMem_Malloc((layout.count + 1) * sizeof(int32_t))
    layout.entries = <int32_t*>PyMem_Malloc((layout.count + 1) * sizeof(int32_t))
    layout.firsts = <int32_t*>PyMem_Malloc((op.b + op.c + 1) * sizeof(int32_t))
    if not layout.members or not layout.entries or not layout.firsts:
        raise MemoryError()
    for entry in range(op.b + op.c):
        layout.firsts[entry] = place
        child = &ops[members[op.a + entry].op]
        for _ in range(child.b if child.code == GROUP else 1):
            layout.members[place] = own[place]
            layout.entries[place] = entry
            place += 1
    layout.firsts[op.b + op.c] = place
    layout.names = [names[members[layout.members[place]].name] for place in range(layout.count)]
    layout.places = {sys.intern(name.replace("-", "_")): place for place, name in enumerate(layout.names)}
    layout.places.update({name: place for place, name in enumerate(layout.names)})
    return layout


cdef int64_t fixed_width(Op* ops, Member* members, int32_t index, int level) noexcept:
    """The bits that every value of an op takes, or NO_WIDTH.

    Lists have none here, however fixed: each takes from the budget of elements.
    """
    cdef Op* op = &ops[index]
    cdef int code = op.code
    cdef int64_t bits = 0, more
    cdef int32_t place
    if op.flags & EXT or level > WIDTH_LEVELS:
        return NO_WIDTH
    if code == NULL_OP:
        return 0
    elif code == BOOL:
        return 1
    elif code == INT or code == ENUM or code == BIGINT:
        return op.bits
    elif (code == OCTSTR or code == BITSTR or code == CHARSTR) and op.span == 0 and not op.bits:
        return op.lo * (8 if code == OCTSTR else 1 if code == BITSTR else op.b)
    elif code != SEQUENCE or op.d:
        return NO_WIDTH
    for place in range(op.b):
        more = fixed_width(ops, members, members[op.a + place].op, level + 1)
        if more < 0:
            return NO_WIDTH
        bits += more
    return bits
