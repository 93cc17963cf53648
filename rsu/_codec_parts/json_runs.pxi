# Runs: components side by side that are always there and of a fixed number of bits, written in one loop.
#
# Most of a message is such components, those of an inner SEQUENCE among them: its key and its bracket belong to the key of its
# first component, its closing bracket to the last. A run asks once whether all its bits are there, the text has room and the
# path has places. It knows no faults: where a value is out of range nothing is done, and the walk member by member tells why.

cdef enum:
    RUN_BITS = 57      # what one load of 64 bits has wherever it begins within an octet
    RUN_PENS = 64      # of one run at most
    RUN_DEPTH = 7      # SEQUENCE in SEQUENCE within a run at most
    NUMBER_TEXT = 20   # octets of the longest number of 64 bits

cdef enum:  # how the value of a component is written
    NATURAL  # a number from 0 to 2**32 - 1
    NUMBER
    WORD     # one of some prepared texts
    OCTETS   # in hex


cdef int json_run(Walk* w, Text* t, const Run* run) noexcept nogil:
    """Writes a run; gives 1 when it is done, 0 when nothing is, -1 without memory."""
    cdef const Pen* pen = t.pens + run.first
    cdef const Pen* last = t.pens + run.last
    cdef const uint8_t* data = w.data
    cdef int64_t pos = w.pos, place, most = w.octets - 8
    cdef uint64_t number
    cdef uint8_t* at
    if most < 0 or run.bits > w.end - pos or w.depth + run.depth > w.max_depth:
        return 0
    if room(w, t, run.text) < 0:
        return -1
    at = t.at
    while pen < last:
        place = min(pos >> 3, most)
        number = load64(data + place) << (pos - 8 * place) >> pen.shift
        if number > pen.span:
            return 0
        at = copy_piece(at, pen.key, pen.key_length)
        at = put_value(at, pen, number)
        memcpy(at, b"}}}}}}}}", 8)
        at += pen.shut
        pos += pen.bits
        pen += 1
    w.pos = pos
    t.at = at
    return 1


cdef inline uint8_t* put_value(uint8_t* at, const Pen* pen, uint64_t number) noexcept nogil:
    if pen.kind == NATURAL:
        return put_32(at, <uint64_t>pen.lo + number)
    elif pen.kind == WORD:
        return copy_piece(at, pen.words[number].text, pen.words[number].length)
    elif pen.kind == NUMBER:
        return put_signed_at(at, pen.lo + <int64_t>number)
    return put_octets_at(at, number << pen.shift, pen.bits)


cdef inline uint8_t* put_octets_at(uint8_t* at, uint64_t word, int bits) noexcept nogil:
    """Hex of the leftmost bits of a word."""
    at[0] = c'"'
    at += 1
    while bits > 0:
        memcpy(at, &HEX[2 * (word >> 56)], 2)
        at += 2
        word <<= 8
        bits -= 8
    at[0] = c'"'
    return at + 1


cdef bint fill_pen(Pen* pen, Op* op, Piece* words, Py_ssize_t names) noexcept:
    """How a value of this type is written in a run; ``False`` where it cannot be in one."""
    cdef int64_t bits = op.bits
    pen.lo, pen.span, pen.shut = op.lo, op.span, 0
    if op.flags & EXT:
        return False
    if op.code == INT and not op.flags & UNSIGNED:
        pen.kind = NATURAL if op.lo >= 0 and op.lo + <int64_t>op.span < <int64_t>1 << 32 else NUMBER
    elif op.code == ENUM:
        pen.kind, pen.words, pen.span = WORD, words + op.a, op.b - 1
    elif op.code == BOOL:
        pen.kind, pen.words, pen.span = WORD, words + names, 1
        bits = 1
    elif (op.code == OCTSTR or op.code == BITSTR) and op.span == 0:
        pen.kind, pen.span = OCTETS, <uint64_t>-1
        bits = op.lo * (8 if op.code == OCTSTR else 1)
    else:
        return False
    pen.bits, pen.shift = <int32_t>bits, <int32_t>(64 - bits)
    return 0 < bits <= RUN_BITS


cdef int64_t pen_text(Pen* pen) noexcept:
    """Octets that a component of a run has at most."""
    cdef int64_t most = NUMBER_TEXT
    cdef uint64_t place
    if pen.kind == WORD:
        for place in range(pen.span + 1):
            most = max(most, pen.words[place].length)
    return pen.key_length + most
