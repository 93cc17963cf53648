# Fields of fixed width, alone and in runs, into cells without the GIL.

cdef int run_fixed(Walk* w, Rows* r, Step* step) noexcept nogil:
    """A value of fixed width by itself."""
    cdef uint64_t value
    if need(w, step.bits) < 0:
        return -1
    if step.code == PASS_BITS:
        w.pos += step.bits
        return 0
    value = peek(w, step.bits) if step.bits else 0
    if value > step.span:
        return stop_above(w, step, value)
    w.pos += step.bits
    if step.column >= 0:
        keep_word(r.columns[step.column].data + r.row * r.columns[step.column].stride, step, step.code, value)
        set_why(r, step.column, KEPT)
    return 0


cdef int run_straight(Walk* w, Rows* r, Step* head) noexcept nogil:
    """The fields of a RUN: where each begins is known, so that none waits for the one before."""
    cdef uint8_t[NEAR_OCTETS] near
    cdef const uint8_t* data = w.data + (w.pos >> 3)
    cdef int64_t octets = ((w.pos & 7) + head.bits + 7) >> 3
    cdef int64_t place, skip = w.pos & 7, row = r.row
    cdef uint64_t value
    cdef Step* step = head + 1
    cdef Step* last = step + head.node
    cdef Column* columns = r.columns  # held here, since cells are written through char pointers, which may alias all
    cdef Column* c
    cdef char* here = r.record + row * r.record_width if r.record != NULL else NULL
    cdef int code
    if head.bits > w.end - w.pos:
        return run_short(w, head)
    if (w.pos >> 3) + octets + WORD_ROOM > w.octets:  # near the end, where words would reach behind the message
        memcpy(near, data, octets)
        memset(near + octets, 0, WORD_ROOM)
        data = near
    while step < last:
        place = skip + step.place
        code = step.code
        value = load64(data + (place >> 3)) << (place & 7)
        if code == STORE_OCTETS:
            value |= data[(place >> 3) + 8] >> (8 - (place & 7))
        value >>= step.shift
        if value > step.span:
            w.pos += step.place
            return stop_above(w, step, value)
        if code != CHECK_BITS:
            c = &columns[step.column]
            keep_word(here + c.offset if here != NULL else c.data + row * c.stride, step, code, value)
        step += 1
    w.pos += head.bits
    mark_run(r, head)
    return 0


cdef inline void mark_run(Rows* r, Step* head) noexcept nogil:
    """The cells of a RUN have values."""
    cdef int place
    if head.fills:
        fill_octets(r.why + r.row * r.count + head.fill, KEPT, head.fills)
        return
    for place in range(1, head.node + 1):
        if head[place].column >= 0:
            set_why(r, head[place].column, KEPT)


cdef inline void fill_octets(uint8_t* octets, uint8_t value, int count) noexcept nogil:
    """As memset, without a call for the few that a row has."""
    cdef uint64_t word = 0x0101010101010101ULL * value
    cdef int place = 0
    if count < 8 or count > 64:
        memset(octets, value, count)
        return
    while place + 8 < count:
        memcpy(octets + place, &word, 8)
        place += 8
    memcpy(octets + count - 8, &word, 8)


cdef int run_short(Walk* w, Step* head) noexcept nogil:
    """What is wrong with a RUN that the message does not hold: a number above its bound before the end, or the end."""
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


cdef inline void keep_word(char* cell, Step* step, int code, uint64_t value) noexcept nogil:
    cdef uint8_t[8] octets
    if code == STORE_2:
        (<int16_t*>cell)[0] = <int16_t>(<uint64_t>step.lo + value)
    elif code == STORE_4:
        (<int32_t*>cell)[0] = <int32_t>(<uint64_t>step.lo + value)
    elif code == STORE_1:
        (<int8_t*>cell)[0] = <int8_t>(<uint64_t>step.lo + value)
    elif code == STORE_8:
        (<int64_t*>cell)[0] = <int64_t>(<uint64_t>step.lo + value)
    else:
        store64(octets, value << step.shift)
        memcpy(cell, octets, step.bits >> 3)


cdef int stop_above(Walk* w, Step* step, uint64_t offset) noexcept nogil:
    return stop(w, ITEM if w.ops[step.op].code == ENUM else RANGE, <int64_t>offset, <int64_t>step.span)
