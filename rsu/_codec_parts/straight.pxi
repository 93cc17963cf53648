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
