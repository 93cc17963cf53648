# RUNs: neighbours of fixed width. Where each field begins is known, so that none waits for the one before; those of one kind
# are taken together, so that none waits for a decision either. What is wrong is found out when it is known that something is.

cdef dict FIELD_KIND = {
    CHECK_BITS: CHECKED_FIELD, STORE_1: FIELD_1, STORE_2: FIELD_2, STORE_4: FIELD_4, STORE_8: FIELD_8,
    STORE_OCTETS: OCTETS_FIELD,
}


cdef StraightField* make_run(Straight* run, Step* head, StraightField* field) except NULL:
    """Sorts the fields of a RUN by kind; gives the place behind the last."""
    cdef int kind, place
    cdef Step* step
    run.first = field
    for kind in range(FIELD_KINDS):
        for place in range(1, head.node + 1):
            step = &head[place]
            if FIELD_KIND[step.code] == kind:
                field.place, field.shift, field.column = step.place, step.shift, step.column
                field.lo, field.span = step.lo, step.span
                field += 1
        run.last[kind] = field
    filled = [head[place].column for place in range(1, head.node + 1) if head[place].column >= 0]
    side_by_side = filled and max(filled) - min(filled) == len(filled) - 1
    run.column, run.columns = (min(filled), <int>len(filled)) if side_by_side else (-1, 0)
    return field


cdef int run_straight(Walk* w, Plan plan, Rows* r, Step* head) noexcept nogil:
    cdef uint8_t[NEAR_OCTETS] near
    cdef const uint8_t* data = w.data + (w.pos >> 3)
    cdef int64_t octets = ((w.pos & 7) + head.bits + 7) >> 3
    cdef Straight* run = &plan.runs[head.place]
    if head.bits > w.end - w.pos:
        return run_short(w, head)
    if (w.pos >> 3) + octets + WORD_ROOM > w.octets:  # near the end, where words would reach behind the message
        memcpy(near, data, octets)
        memset(near + octets, 0, WORD_ROOM)
        data = near
    if run_fields(run, data, w.pos & 7, r):
        return run_short(w, head)
    w.pos += head.bits
    if run.columns:
        fill_octets(r.why + r.row * r.count + run.column, KEPT, run.columns)
    else:
        mark_fields(run, r)
    return 0


cdef inline bint run_fields(Straight* run, const uint8_t* data, int64_t skip, Rows* r) noexcept nogil:
    """Fills cells; gives whether a number is above its bound."""
    cdef StraightField* field = run.first
    cdef StraightField* last
    cdef Column* columns = r.columns  # held here, since cells are written through char pointers, which may alias all
    cdef char* record = r.record + r.row * r.record_width if r.record != NULL else NULL
    cdef int64_t row = r.row
    cdef uint64_t value
    cdef bint above = False
    last = run.last[CHECKED_FIELD]
    while field < last:
        above |= field_bits(data, skip, field) > field.span
        field += 1
    last = run.last[FIELD_1]
    while field < last:
        value = field_bits(data, skip, field)
        above |= value > field.span
        (<int8_t*>cell_at(columns, record, row, field))[0] = <int8_t>(<uint64_t>field.lo + value)
        field += 1
    last = run.last[FIELD_2]
    while field < last:
        value = field_bits(data, skip, field)
        above |= value > field.span
        (<int16_t*>cell_at(columns, record, row, field))[0] = <int16_t>(<uint64_t>field.lo + value)
        field += 1
    last = run.last[FIELD_4]
    while field < last:
        value = field_bits(data, skip, field)
        above |= value > field.span
        (<int32_t*>cell_at(columns, record, row, field))[0] = <int32_t>(<uint64_t>field.lo + value)
        field += 1
    last = run.last[FIELD_8]
    while field < last:
        value = field_bits(data, skip, field)
        above |= value > field.span
        (<int64_t*>cell_at(columns, record, row, field))[0] = <int64_t>(<uint64_t>field.lo + value)
        field += 1
    last = run.last[OCTETS_FIELD]
    while field < last:
        take_octets(data, skip + field.place, (64 - field.shift) >> 3, cell_at(columns, record, row, field))
        field += 1
    return above


cdef inline uint64_t field_bits(const uint8_t* data, int64_t skip, StraightField* field) noexcept nogil:
    cdef int64_t place = skip + field.place
    return load64(data + (place >> 3)) << (place & 7) >> field.shift


cdef inline char* cell_at(Column* columns, char* record, int64_t row, StraightField* field) noexcept nogil:
    cdef Column* c = &columns[field.column]
    return record + c.offset if record != NULL else c.data + row * c.stride


cdef inline void take_octets(const uint8_t* data, int64_t place, int64_t count, char* cell) noexcept nogil:
    cdef uint8_t[8] octets
    store64(octets, load64(data + (place >> 3)) << (place & 7) | data[(place >> 3) + 8] >> (8 - (place & 7)))
    if count == 4:  # the width of most ids: no call
        memcpy(cell, octets, 4)
    else:
        memcpy(cell, octets, count)


cdef void mark_fields(Straight* run, Rows* r) noexcept nogil:
    cdef StraightField* field = run.last[CHECKED_FIELD]
    while field < run.last[OCTETS_FIELD]:
        set_why(r, <int>field.column, KEPT)
        field += 1


cdef int run_short(Walk* w, Step* head) noexcept nogil:
    """What is wrong with a RUN: the first number above its bound, or the message's end before that."""
    cdef int64_t start = w.pos
    cdef uint64_t value
    cdef int place
    cdef Step* step
    for place in range(head.node):
        step = head + 1 + place
        w.pos = start + step.place
        if need(w, step.bits) < 0:
            return -1
        value = peek(w, step.bits)
        if value > step.span:
            return stop_above(w, step, value)
    w.pos = start
    return need(w, head.bits)
