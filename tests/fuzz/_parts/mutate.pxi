# The changes that are made to a message. Each is a leaf that keeps the draft whole or leaves it as it is.

cdef enum:
    CHANGES = 16           # kinds of change, drawn evenly
    MORE_CHANGES = 3       # after the first, at most
    NOISE_BITS = 64        # of an insertion
    WHOLE_FRAGMENT = 64    # one in so many fragments brings its 16K items; the others are cut

cdef struct Draft:
    uint8_t* octets
    uint8_t* spare
    int64_t bits


cdef void begin(Draft* d, Seed seed) noexcept:
    cdef int64_t octets = PyBytes_GET_SIZE(seed.data)
    memcpy(d.octets, PyBytes_AS_STRING(seed.data), octets)
    d.bits = 8 * octets


cdef bytes finish(Draft* d, Dice* dice):
    """The draft in whole octets; in one of sixteen what pads it is not zero."""
    cdef int free_bits = <int>(-d.bits & 7)
    if free_bits:
        put_bits(d.octets, d.bits, free_bits, roll(dice) if below(dice, 16) == 0 else 0)
    return PyBytes_FromStringAndSize(<char*>d.octets, (d.bits + 7) >> 3)


cdef bint open_gap(Draft* d, int64_t at, int64_t count) noexcept nogil:
    """Moves all from ``at`` on by ``count`` bits; what stands in the gap is whatever stood there."""
    cdef int64_t tail = d.bits - at
    if tail < 0 or d.bits + count > 8 * CAPACITY:
        return False
    copy_bits(d.spare, 0, d.octets, at, tail)
    copy_bits(d.octets, at + count, d.spare, 0, tail)
    d.bits += count
    return True


cdef void close_gap(Draft* d, int64_t at, int64_t count) noexcept nogil:
    if at + count > d.bits:
        count = d.bits - at
    if count <= 0:
        return
    copy_bits(d.octets, at, d.octets, at + count, d.bits - at - count)
    d.bits -= count


cdef Field* draw_field(Dice* dice, Seed seed, Draft* d) noexcept:
    """A field that still lies in the draft, half of the time one of the shape; NULL where none does."""
    cdef Field* field
    if seed.count == 0:
        return NULL
    if seed.shapes and roll(dice) & 1:
        field = &seed.fields[seed.shape[below(dice, seed.shapes)]]
    else:
        field = &seed.fields[below(dice, seed.count)]
    return field if field.at + field.bits <= d.bits else NULL


cdef void set_field(Draft* d, Dice* dice, Field* field) noexcept nogil:
    """Zero, all ones, one set bit, or noise in up to STEP of its bits."""
    cdef int how = <int>below(dice, 4)
    cdef int count = field.bits if field.bits < STEP else STEP
    if how < 2:
        fill_bits(d.octets, field.at, field.bits, how == 1)
    elif how == 2:
        put_bits(d.octets, field.at, count, <uint64_t>1 << below(dice, count))
    else:
        put_bits(d.octets, field.at, count, roll(dice))


cdef void nudge_field(Draft* d, Dice* dice, Field* field) noexcept nogil:
    """One more or less in its last bits: one above a bound is the first surplus code."""
    cdef int count = field.bits if field.bits < STEP else STEP
    cdef int64_t at = field.at + field.bits - count
    cdef uint64_t value = get_bits(d.octets, at, count)
    put_bits(d.octets, at, count, value + 1 if roll(dice) & 1 else value - 1)


cdef void flip_bit(Draft* d, Dice* dice, Field* field) noexcept nogil:
    cdef int64_t at = field.at + below(dice, field.bits)
    d.octets[at >> 3] ^= <uint8_t>(0x80 >> (at & 7))


cdef void write_length(Draft* d, Dice* dice, int64_t at) noexcept nogil:
    """A general length (X.691 11.9) in each of its forms, allowed or not, over what stands there or before it."""
    cdef int how = <int>below(dice, 8)
    cdef int count = 8 if how < 4 else 16
    cdef uint64_t value = roll(dice)
    if how == 0:
        value &= 0x7F
    elif how == 1:
        value = 0xC0 | (value & 7)
    elif how == 2:
        value = 0xBF + (value & 1)
    elif how == 3:
        value = 0xFF
    elif how == 4:
        value = 0x8000 | (value & 0x7F)      # not minimal
    elif how == 5:
        value = 0x8000 | (value & 0x3FFF)
    elif how == 6:
        value = 0xBFFF
    else:
        value = 0x8080
    if roll(dice) & 3 == 0 and not open_gap(d, at, count):
        return
    if at + count <= d.bits:
        put_bits(d.octets, at, count, value)


cdef void grow_content(Draft* d, Dice* dice, Field* field) noexcept nogil:
    """One more in a length and so many bits behind it, or one less: what encloses it no longer fits."""
    cdef int64_t behind = field.at + field.bits
    cdef int unit = 8 if roll(dice) & 1 else 1 + <int>below(dice, 32)
    cdef int count = field.bits if field.bits < STEP else STEP
    cdef uint64_t value = get_bits(d.octets, behind - count, count)
    if roll(dice) & 1:
        if open_gap(d, behind, unit):
            put_bits(d.octets, behind, unit, roll(dice))
            put_bits(d.octets, behind - count, count, value + 1)
    else:
        close_gap(d, behind, unit)
        put_bits(d.octets, behind - count, count, value - 1)


cdef void insert_noise(Draft* d, Dice* dice, int64_t at) noexcept nogil:
    cdef int64_t count = 8 * (1 + below(dice, 8)) if roll(dice) & 1 else 1 + below(dice, NOISE_BITS)
    cdef int how = <int>below(dice, 3)
    if not open_gap(d, at, count):
        return
    if how < 2:
        fill_bits(d.octets, at, count, how == 1)
        return
    while count > 0:
        put_bits(d.octets, at, <int>(count if count < STEP else STEP), roll(dice))
        at += STEP
        count -= STEP


cdef void double_range(Draft* d, int64_t at, int64_t count) noexcept nogil:
    if count > 0 and at + count <= d.bits and open_gap(d, at + count, count):
        copy_bits(d.octets, at + count, d.octets, at, count)


cdef void insert_fragment(Draft* d, Dice* dice, int64_t at) noexcept nogil:
    """A fragment's length; seldom with its 16K octets or bits, and what stood there as the piece behind."""
    cdef int blocks = 1 + <int>below(dice, 4)
    cdef int64_t content = 16384 * (8 if roll(dice) & 1 else 1)
    if not open_gap(d, at, 8):
        return
    put_bits(d.octets, at, 8, 0xC0 | blocks)
    if below(dice, WHOLE_FRAGMENT) == 0 and open_gap(d, at + 8, content):
        put_bits(d.octets, at, 8, 0xC1)
        fill_bits(d.octets, at + 8, content, roll(dice) & 1)


cdef void havoc(Draft* d, Dice* dice) noexcept nogil:
    """One to eight octets anywhere."""
    cdef int64_t octets = d.bits >> 3
    cdef int64_t number
    if octets == 0:
        return
    for number in range(1 + below(dice, 8)):
        d.octets[below(dice, octets)] = <uint8_t>roll(dice)


cdef void splice(Draft* d, const uint8_t* other, int64_t bits, int64_t start, int64_t at) noexcept nogil:
    """The draft up to ``at``, then the other message from ``start`` on."""
    copy_bits(d.octets, at, other, start, bits - start)
    d.bits = at + bits - start


cdef void change_field(Draft* d, Dice* dice, Seed seed, int kind) noexcept:
    cdef Field* field = draw_field(dice, seed, d)
    cdef Field* other
    if field is NULL:
        return
    if kind == 0:
        set_field(d, dice, field)
    elif kind == 1:
        nudge_field(d, dice, field)
    elif kind == 2:
        flip_bit(d, dice, field)
    elif kind == 3:
        write_length(d, dice, field.at)
    elif kind == 4:
        grow_content(d, dice, field)
    elif kind == 5:
        insert_noise(d, dice, field.at)
    elif kind == 6:
        close_gap(d, field.at, field.bits)
    elif kind == 7:
        double_range(d, field.at, field.bits)
    elif kind == 8:
        insert_fragment(d, dice, field.at)
    else:
        other = draw_field(dice, seed, d)
        if other is NULL or other.at <= field.at:
            return
        if kind == 9:
            close_gap(d, field.at, other.at - field.at)
        elif other.bits == field.bits:
            copy_bits(d.octets, other.at, d.octets, field.at, field.bits)
        else:
            double_range(d, field.at, other.at - field.at)


cdef void change_anywhere(Draft* d, Dice* dice, int kind) noexcept nogil:
    if kind == 11:
        havoc(d, dice)
    elif kind == 12:
        d.bits = below(dice, d.bits + 1)
    elif kind == 13:
        insert_noise(d, dice, d.bits if roll(dice) & 1 else below(dice, d.bits + 1))
    else:
        close_gap(d, below(dice, d.bits + 1), 1 + below(dice, NOISE_BITS))


cdef void change_tail(Draft* d, Dice* dice, Seed seed, list seeds, Places places) noexcept:
    """The rest of another message from a like place on."""
    cdef Field* field = draw_field(dice, seed, d)
    cdef Like like
    cdef Seed other
    if field is NULL or not places.draw(dice, field.place, &like):
        return
    other = <Seed>seeds[like.seed]
    splice(
        d, <const uint8_t*>PyBytes_AS_STRING(other.padded), 8 * PyBytes_GET_SIZE(other.data),
        other.fields[like.field].at, field.at,
    )


cdef void mutate(Draft* d, Dice* dice, Seed seed, list seeds, Places places) noexcept:
    cdef int64_t number
    cdef int kind
    begin(d, seed)
    for number in range(1 + below(dice, 1 + MORE_CHANGES)):
        kind = <int>below(dice, CHANGES)
        if kind <= 10:
            change_field(d, dice, seed, kind)
        elif kind < 15:
            change_anywhere(d, dice, kind)
        else:
            change_tail(d, dice, seed, seeds, places)
