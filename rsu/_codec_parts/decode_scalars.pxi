# Decoding of types without members.

cdef extern from "Python.h":
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 most)

cdef object take_pieces(Walk* w, int unit, int64_t length, int pieces):
    """Octets of a string whose first length was read: ``unit`` bits for each of ``length``, more fragments after it."""
    cdef int64_t total = length
    cdef object out
    cdef bytes piece
    if not pieces:
        return take_string(w, length * unit), total
    out = bytearray()
    while True:
        piece = take_string(w, length * unit)
        out += piece
        if not pieces:
            return bytes(out), total
        length = checked(w, take_length(w, &pieces))
        total += length


cdef bytes take_string(Walk* w, int64_t bits):
    cdef bytes out
    cdef uint8_t[8] few
    checked(w, need(w, bits))
    if 0 < bits <= 64:
        store64(few, peek(w, <int>bits) << (64 - bits))
        w.pos += bits
        return PyBytes_FromStringAndSize(<char*>few, (bits + 7) >> 3)
    out = PyBytes_FromStringAndSize(NULL, (bits + 7) >> 3)
    copy_bits(w, <uint8_t*>PyBytes_AS_STRING(out), bits)
    return out


cdef bytes take_open(Walk* w):
    """The octets of an open type (X.691 11.2)."""
    cdef int pieces = 0
    cdef int64_t length = checked(w, take_length(w, &pieces))
    return take_pieces(w, 8, length, pieces)[0]


cdef bytes take_raw(Walk* w):
    """The octets of an open type that stays octets."""
    cdef int64_t start = w.pos
    cdef bytes octets = take_open(w)
    if PyBytes_GET_SIZE(octets) == 0:
        checked(w, complain(w, EMPTY_OPEN, 0, 0))
    if w.spans is not NULL:
        mark(w, start, "raw", -1, octets)
    return octets


cdef int finish_window(Walk* w, int64_t start, bint inside) except -1:
    """As :c:func:`close_window`, with the padding marked for the tracer."""
    cdef int64_t free_bits = w.pos
    checked(w, close_window(w, start, inside))
    if w.spans is not NULL:
        w.pos = w.end
        mark(w, free_bits, "padding", -1, None)
    return 0


cdef int mark(Walk* w, int64_t start, object role, int32_t op, object value) except -1:
    """A span for the tracer: bits from ``start`` to the cursor."""
    if w.pos > start:
        (<list>w.spans).append((place_text(w), w.base + start, w.pos - start, role, op, value))
    return 0


cdef object extended_int(Walk* w, Op* op):
    """Octets of an unconstrained whole number (X.691 11.8)."""
    cdef int pieces = 0
    cdef int64_t length = checked(w, take_length(w, &pieces))
    cdef bytes octets
    if length == 0:
        checked(w, stop(w, NO_INTEGER, 0, 0))
    octets = take_pieces(w, 8, length, pieces)[0]
    if len(octets) > 1 and octets[0] in (0, 0xFF) and (octets[0] ^ octets[1]) & 0x80 == 0:
        checked(w, complain(w, LONG_INTEGER, len(octets), 0))
    return int.from_bytes(octets, "big", signed=True)


cdef object decode_semi_int(Walk* w, Op* op):
    cdef int pieces = 0
    cdef int64_t length
    cdef bytes octets
    if op.flags & EXT and checked(w, take_bit(w)):
        return in_extension(w, extended_int(w, op), <object>w.objects[op.a], None)
    length = checked(w, take_length(w, &pieces))
    if length == 0:
        checked(w, stop(w, NO_INTEGER, 0, 0))
    octets = take_pieces(w, 8, length, pieces)[0]
    if len(octets) > 1 and octets[0] == 0:
        checked(w, complain(w, LONG_INTEGER, len(octets), 0))
    return int.from_bytes(octets, "big") + <object>w.objects[op.a]


cdef object decode_big_int(Walk* w, Op* op):
    cdef bytes octets
    low, high = <object>w.objects[op.a], <object>w.objects[op.b]
    if op.flags & EXT and checked(w, take_bit(w)):
        return in_extension(w, extended_int(w, op), low, high)
    octets = take_string(w, op.bits)
    value = (int.from_bytes(octets, "big") >> (8 * len(octets) - op.bits)) + low
    if value > high:
        fail(w, "range", f"{value} is above {high}")
    return value


cdef object in_extension(Walk* w, object value, object low, object high):
    """An extension value that the root could hold is not how an encoder writes it."""
    if (low is None or value >= low) and (high is None or value <= high):
        object_to(w, "non-minimal", f"{value} travels as an extension and is in the root range")
    return value


cdef object int_value(Op* op, uint64_t offset):
    if op.flags & UNSIGNED:
        return PyLong_FromUnsignedLongLong(<uint64_t>op.lo + offset)
    return PyLong_FromLongLong(<int64_t>(<uint64_t>op.lo + offset))


cdef inline int take_offset(Walk* w, Op* op, uint64_t* offset) noexcept nogil:
    """What an INT of the root range travels as; the cursor stays where it is when that is above the range."""
    offset[0] = 0
    if op.bits:
        if need(w, op.bits) < 0:
            return -1
        offset[0] = peek(w, op.bits)
        if offset[0] > op.span:
            return stop(
                w, RANGE_UNSIGNED if op.flags & UNSIGNED else RANGE, <int64_t>(<uint64_t>op.lo + offset[0]),
                <int64_t>(<uint64_t>op.lo + op.span)
            )
        w.pos += op.bits
    return 0


cdef object decode_int(Walk* w, Op* op):
    cdef uint64_t offset
    if op.flags & EXT and checked(w, take_bit(w)):
        value = extended_int(w, op)
        return in_extension(w, value, int_value(op, 0), int_value(op, op.span))
    checked(w, take_offset(w, op, &offset))
    value = int_value(op, offset)
    if w.checks and op.d >= 0:
        gap = _scalars.outside(value, <object>w.objects[op.d])
        if gap:
            fail(w, "range", gap)
    return value


cdef object decode_enum(Walk* w, Op* op):
    cdef bint beyond
    cdef int64_t place = checked(w, take_place(w, op, &beyond))
    if beyond:
        return f"...{place}"
    return <object>w.names[op.a + place]


cdef int64_t counted(Walk* w, Op* op, int* pieces) except -1:
    """As :c:func:`take_count`, with its bits marked for the tracer."""
    cdef int64_t start = w.pos
    cdef int64_t count = checked(w, take_count(w, op, pieces))
    if w.spans is not NULL:
        mark(w, start, "length", -1, count)
    return count


cdef object decode_octets(Walk* w, Op* op):
    cdef int pieces
    cdef int64_t count
    if op.bits == 0 and op.span == 0 and not op.flags & EXT:
        return take_string(w, 8 * op.lo)
    count = counted(w, op, &pieces)
    if not pieces:
        return take_string(w, 8 * count)
    octets, total = take_pieces(w, 8, count, pieces)
    checked(w, check_total(w, op, total))
    return octets


cdef object decode_bits(Walk* w, Op* op):
    cdef int pieces
    cdef int64_t count
    cdef bytes octets
    count = counted(w, op, &pieces)
    if not pieces:
        octets = take_string(w, count)
        checked(w, check_tail(w, op, count))
        return octets, count
    octets, total = take_pieces(w, 1, count, pieces)
    count = checked(w, check_total(w, op, total))
    if op.flags & NAMED and not op.flags & EXT and count > op.lo:
        if not bit_at(<const uint8_t*>PyBytes_AS_STRING(octets), count - 1):
            checked(w, complain(w, ZERO_TAIL, 0, 0))
    return octets, count


cdef object decode_characters(Walk* w, Op* op):
    """Known-multiplier strings (X.691 30.5)."""
    cdef int pieces
    cdef int64_t count = counted(w, op, &pieces)
    cdef list parts
    cdef int64_t total = count
    if not pieces:
        return character_run(w, op, count)
    parts = []
    while True:
        parts.append(character_run(w, op, count))
        if not pieces:
            checked(w, check_total(w, op, total))
            return "".join(parts)
        count = checked(w, take_length(w, &pieces))
        total += count


cdef object character_run(Walk* w, Op* op, int64_t count):
    cdef bytes octets
    checked(w, need(w, count * op.b))
    if op.b == 0:  # one letter only: the count is all that travels
        checked(w, spend(w, count))
        return <object>w.objects[op.a] * count
    if op.b == 7 and op.a < 0:
        return ascii_run(w, count)
    alphabet = <object>w.objects[op.a] if op.a >= 0 else None
    letters = _scalars.latin_letters(alphabet) if op.c else None
    if op.b > 8 or (op.c and letters is None):
        return wide_run(w, op, count)
    octets = PyBytes_FromStringAndSize(NULL, count)
    take_letters(w, <uint8_t*>PyBytes_AS_STRING(octets), op.b, count)
    if op.c:
        check_indices(w, octets, len(letters), op.b)
        return octets.translate(letters.ljust(256)).decode("latin-1")
    text = octets.decode("latin-1")
    if alphabet is not None:
        check_letters(w, text, alphabet)
    return text


cdef str ascii_run(Walk* w, int64_t count):
    """Seven-bit letters, all of which are allowed."""
    cdef str text = PyUnicode_New(count, 127)
    if count:
        take_letters(w, <uint8_t*>PyUnicode_1BYTE_DATA(text), 7, count)
    return text


cdef void take_letters(Walk* w, uint8_t* out, int bits, int64_t count) noexcept nogil:
    """``count`` codes of up to eight bits, as many at once as a word holds."""
    cdef int many = 56 // bits, left
    cdef uint64_t word, mask = (1 << bits) - 1
    while count > 0:
        if many > count:
            many = <int>count
        word = peek(w, many * bits)
        w.pos += many * bits
        for left in range(many - 1, -1, -1):
            out[left] = <uint8_t>(word & mask)
            word >>= bits
        out += many
        count -= many


cdef int check_indices(Walk* w, bytes codes, int64_t letters, int bits) except -1:
    """Letters that travel as their index; the cursor is behind them and goes back to a wrong one."""
    cdef int64_t place, count = PyBytes_GET_SIZE(codes)
    cdef const uint8_t* code = <const uint8_t*>PyBytes_AS_STRING(codes)
    for place in range(count):
        if code[place] >= letters:
            w.pos -= (count - place) * bits
            return fail(w, "alphabet", f"letter {code[place]} of an alphabet of {letters}")
    return 0


cdef object wide_run(Walk* w, Op* op, int64_t count):
    cdef list letters = []
    cdef int64_t place
    cdef uint64_t code
    alphabet = <object>w.objects[op.a] if op.a >= 0 else None
    for place in range(count):
        code = peek(w, op.b)
        if op.c:
            if code >= <uint64_t>len(alphabet):
                fail(w, "alphabet", f"letter {code} of an alphabet of {len(alphabet)}")
            letters.append(alphabet[code])
        elif code > 0x10FFFF or 0xD800 <= code < 0xE000:
            fail(w, "alphabet", f"{code:#x} is no character")
        else:
            letters.append(chr(code))
        w.pos += op.b
    text = "".join(letters)
    if alphabet is not None:
        check_letters(w, text, alphabet)
    return text


cdef int check_letters(Walk* w, object text, object alphabet) except -1:
    wrong = _scalars.first_outside(text, alphabet)
    if wrong:
        return fail(w, "alphabet", f"{wrong!r} is not in the permitted alphabet")
    return 0


cdef object decode_text(Walk* w, Op* op):
    cdef bytes octets = take_open(w)
    try:
        text = octets.decode("utf-8" if op.a == 0 else "latin-1")
    except UnicodeDecodeError as error:
        fail(w, "encoding", f"no UTF-8 text: {error.reason} at octet {error.start}")
    if w.checks:
        wrong = _scalars.text_outside(text, op.lo, <int64_t>op.span, <object>w.objects[op.d] if op.d >= 0 else None)
        if wrong:
            fail(w, "size", wrong)
    return text


cdef object decode_with(Walk* w, object reader, object writer):
    """A type whose octets a Python function reads; octets that the writer would not give back are not canonical."""
    cdef bytes octets = take_open(w)
    try:
        value = reader(octets)
        same = writer(value) == octets
    except ValueError as error:
        fail(w, "encoding", str(error))
    if not same:
        object_to(w, "non-minimal", f"{value} in {len(octets)} octets is not its shortest form")
    return value


cdef object decode_time(Walk* w, object reader, object writer):
    """GeneralizedTime and UTCTime: seven-bit letters of any number (X.691 30.5, VisibleString)."""
    cdef Op letters
    letters.flags = 0
    letters.code = CHARSTR
    letters.span = <uint64_t>-1
    letters.lo = letters.bits = letters.c = 0
    letters.a = -1
    letters.b = 7
    text = decode_characters(w, &letters)
    try:
        value = reader(text)
        same = writer(value) == text
    except (ValueError, OverflowError) as error:  # a zone that leads out of the years 1 to 9999
        fail(w, "encoding", str(error))
    if not same:
        object_to(w, "non-minimal", f"time {text!r} is not in its restricted form")
    return value
