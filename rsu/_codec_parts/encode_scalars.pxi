# Encoding of types without members.

cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(object text)


cdef object plain_int(Fill* f, object value):
    """The value as a Python int, as ``operator.index`` gives it."""
    if PyLong_Check(value):
        return value
    try:
        return as_index(value)
    except TypeError:
        refuse_type(f, "an integer", value)


cdef int put_whole(Fill* f, object value) except -1:
    """An unconstrained whole number behind its length."""
    cdef bytes octets = value.to_bytes((value if value >= 0 else ~value).bit_length() // 8 + 1, "big", signed=True)
    return put_open(f, octets)


cdef int out_of_range(Fill* f, object value, object low, object high) except -1:
    if value < low:
        return refuse(f, "range", f"{value} is below {low}")
    return refuse(f, "range", f"{value} is above {high}")


cdef int encode_int(Fill* f, Op* op, object value) except -1:
    cdef int overflow = 0
    cdef int64_t number = 0
    cdef uint64_t offset
    cdef bint fits
    value = plain_int(f, value)
    if op.flags & UNSIGNED:
        fits = int_value(op, 0) <= value <= int_value(op, op.span)
        offset = PyLong_AsUnsignedLongLong(value) - <uint64_t>op.lo if fits else 0
    else:
        number = PyLong_AsLongLongAndOverflow(value, &overflow)
        offset = <uint64_t>number - <uint64_t>op.lo
        fits = not overflow and number >= op.lo and offset <= op.span
    if op.flags & EXT:
        put(f, not fits, 1)
        if not fits:
            return put_whole(f, value)
    elif not fits:
        return out_of_range(f, value, int_value(op, 0), int_value(op, op.span))
    if f.checks and op.d >= 0:
        gap = _scalars.outside(value, <object>f.objects[op.d])
        if gap:
            refuse(f, "range", gap)
    return put(f, offset, op.bits)


cdef int encode_wide_int(Fill* f, Op* op, object value) except -1:
    """BIGINT, SEMIINT and ANYINT."""
    cdef bytes octets
    value = plain_int(f, value)
    low = <object>f.objects[op.a] if op.code != ANYINT else None
    high = <object>f.objects[op.b] if op.code == BIGINT else None
    fits = (low is None or value >= low) and (high is None or value <= high)
    if op.flags & EXT:
        put(f, not fits, 1)
        if not fits:
            return put_whole(f, value)
    elif not fits:
        return out_of_range(f, value, low, high)
    if op.code == BIGINT:
        octets = ((value - low) << (-op.bits & 7)).to_bytes((op.bits + 7) >> 3, "big")
        return put_bits(f, <const uint8_t*>PyBytes_AS_STRING(octets), op.bits)
    if op.code == SEMIINT:
        offset = value - low
        return put_open(f, offset.to_bytes(max(1, (offset.bit_length() + 7) // 8), "big"))
    if f.checks and op.d >= 0:
        gap = _scalars.outside(value, <object>f.objects[op.d])
        if gap:
            refuse(f, "range", gap)
    return put_whole(f, value)


cdef int64_t unknown_index(Fill* f, object name, object what) except -1:
    """The number in ``"...12"``: an extension that this schema does not know."""
    digits = name[3:]
    if name[:3] != "..." or not digits.isdecimal() or len(digits) > 10 or int(digits) >> 32:
        return refuse(f, "index", f"{name!r} is no {what}")
    return <int64_t>int(digits)


cdef int encode_enum(Fill* f, Op* op, object value) except -1:
    cdef PyObject* found
    cdef int64_t place
    if not PyUnicode_Check(value):
        return refuse_type(f, "the name of an item", value)
    found = PyDict_GetItemWithError((<Program>f.program).enums[op.d], value)
    if found is NULL:
        place = unknown_index(f, value, f"item of this ENUMERATED: {name_list(f, op.a, op.b + op.c)}")
        if not op.flags & EXT or place < op.c:
            refuse(f, "index", f"{value!r} is not an unknown extension here")
        put(f, 1, 1)
        return put_small(f, place)
    place = <object>found
    if op.flags & EXT:
        put(f, place >= op.b, 1)
        if place >= op.b:
            return put_small(f, place - op.b)
    return put(f, place, op.bits)


cdef object name_list(Fill* f, int32_t first, int32_t count):
    """The first few of a row of names, for messages."""
    shown = ", ".join([<object>f.names[first + place] for place in range(min(count, 8))])
    return shown + (", …" if count > 8 else "")


cdef int put_count(Fill* f, Op* op, int64_t count, bint* general) except -1:
    """The length of a sized type unless it is general (``general`` says so: fragments may be needed)."""
    cdef bint root = count >= op.lo and (op.span == <uint64_t>-1 or <uint64_t>(count - op.lo) <= op.span)
    general[0] = False
    if op.flags & EXT:
        put(f, not root, 1)
        if not root:
            general[0] = True
            return 0
    elif not root or (op.span == <uint64_t>-1 and op.code != CHARSTR and 0 <= op.c < count):
        return wrong_size(f, op, count)
    if op.span == <uint64_t>-1:
        general[0] = True
        return 0
    return put(f, count - op.lo, op.bits)


cdef int wrong_size(Fill* f, Op* op, int64_t count) except -1:
    if count < op.lo:
        return refuse(f, "size", f"size {count} is below {op.lo}")
    if op.span == <uint64_t>-1:
        return refuse(f, "size", f"size {count} is above {op.c}")
    return refuse(f, "size", f"size {count} is above {op.lo + <int64_t>op.span}")


cdef bytes plain_octets(Fill* f, object value):
    if isinstance(value, bytes):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    refuse_type(f, "bytes", value)


cdef int encode_octets(Fill* f, Op* op, object value) except -1:
    cdef bytes octets = plain_octets(f, value)
    cdef bint general
    put_count(f, op, PyBytes_GET_SIZE(octets), &general)
    if general:
        return put_pieces(f, <const uint8_t*>PyBytes_AS_STRING(octets), PyBytes_GET_SIZE(octets), 8)
    return put_bits(f, <const uint8_t*>PyBytes_AS_STRING(octets), 8 * PyBytes_GET_SIZE(octets))


cdef int encode_bits(Fill* f, Op* op, object value) except -1:
    cdef bytes octets
    cdef int64_t count
    cdef bint general
    if not PyTuple_Check(value) or PyTuple_GET_SIZE(value) != 2:
        return refuse_type(f, "(bytes, number of bits)", value)
    octets = plain_octets(f, value[0])
    count = plain_int(f, value[1])
    if count < 0 or count > 8 * PyBytes_GET_SIZE(octets):
        return refuse(f, "size", f"{count} bits are not in {PyBytes_GET_SIZE(octets)} octets")
    if op.flags & NAMED and not op.flags & EXT:  # an extensible size is left as given: both forms are in use
        octets, count = named_bits(op, octets, count)
    put_count(f, op, count, &general)
    if general:
        return put_pieces(f, <const uint8_t*>PyBytes_AS_STRING(octets), count, 1)
    return put_bits(f, <const uint8_t*>PyBytes_AS_STRING(octets), count)


cdef tuple named_bits(Op* op, bytes octets, int64_t count):
    """Trailing zeros are no part of the value (X.691 16.3): none beyond the least size, as many as it asks for."""
    cdef const uint8_t* data = <const uint8_t*>PyBytes_AS_STRING(octets)
    while count > op.lo and not bit_at(data, count - 1):
        count -= 1
    if count < op.lo:
        number = int.from_bytes(octets, "big") >> (8 * PyBytes_GET_SIZE(octets) - count)
        free_bits = -op.lo & 7
        octets = (number << (op.lo - count + free_bits)).to_bytes((op.lo + 7) >> 3, "big")
        count = op.lo
    return octets, count


cdef int encode_characters(Fill* f, Op* op, object value) except -1:
    cdef bint general
    cdef int64_t count, done = 0, piece
    if not PyUnicode_Check(value):
        return refuse_type(f, "str", value)
    count = len(value)
    if op.a >= 0:
        wrong = _scalars.first_outside(value, <object>f.objects[op.a])
        if wrong:
            refuse(f, "alphabet", f"{wrong!r} is not in the permitted alphabet")
    put_count(f, op, count, &general)
    if not general:
        return put_letters(f, op, value, 0, count)
    while count - done >= FRAGMENT:
        piece = min((count - done) // FRAGMENT, 4)
        put(f, 0xC0 | piece, 8)
        put_letters(f, op, value, done, done + piece * FRAGMENT)
        done += piece * FRAGMENT
    put_length(f, count - done)
    return put_letters(f, op, value, done, count)


cdef int put_letters(Fill* f, Op* op, str value, int64_t first, int64_t last) except -1:
    cdef bytes indices = _scalars.letter_indices(<object>f.objects[op.a]) if op.c else None
    cdef bytes octets
    cdef const uint8_t* letters
    if op.b > 8 or (op.c and indices is None):
        return put_wide_letters(f, op, value, first, last)
    if PyUnicode_IS_ASCII(value):
        letters = <const uint8_t*>PyUnicode_1BYTE_DATA(value) + first
    else:
        try:
            octets = value[first:last].encode("latin-1")
        except UnicodeEncodeError:
            return put_wide_letters(f, op, value, first, last)
        letters = <const uint8_t*>PyBytes_AS_STRING(octets)
    return put_codes(f, op, letters, last - first, <const uint8_t*>PyBytes_AS_STRING(indices) if op.c else NULL)


cdef int put_codes(Fill* f, Op* op, const uint8_t* letters, int64_t count, const uint8_t* indices) except -1:
    """Letters of up to eight bits, as many at once as a word takes."""
    cdef int many = 56 // op.b if op.b else 1, place
    cdef uint64_t word
    cdef uint8_t code
    while count > 0:
        if many > count:
            many = <int>count
        word = 0
        for place in range(many):
            code = letters[place] if indices == NULL else indices[letters[place]]
            if code >> op.b:
                refuse(f, "alphabet", f"{chr(code)!r} does not fit {op.b} bits")
            word = word << op.b | code
        put(f, word, many * op.b)
        letters += many
        count -= many
    return 0


cdef int put_wide_letters(Fill* f, Op* op, str value, int64_t first, int64_t last) except -1:
    cdef int64_t place
    cdef uint64_t code
    alphabet = <object>f.objects[op.a] if op.c else None
    for place in range(first, last):
        code = <uint64_t>ord(value[place]) if not op.c else <uint64_t>alphabet.index(value[place])
        if op.b < 32 and code >> op.b:
            refuse(f, "alphabet", f"{value[place]!r} does not fit {op.b} bits")
        if 0xD800 <= code < 0xE000 and not op.c:
            refuse(f, "alphabet", f"{code:#x} is no character")
        put(f, code, op.b)
    return 0


cdef int encode_text(Fill* f, Op* op, object value) except -1:
    cdef bytes octets
    if not PyUnicode_Check(value):
        return refuse_type(f, "str", value)
    if f.checks:
        wrong = _scalars.text_outside(value, op.lo, <int64_t>op.span, <object>f.objects[op.d] if op.d >= 0 else None)
        if wrong:
            refuse(f, "size", wrong)
    try:
        octets = value.encode("utf-8" if op.a == 0 else "latin-1")
    except UnicodeEncodeError as error:
        refuse(f, "encoding", f"{value[error.start]!r} cannot be written")
    return put_pieces(f, <const uint8_t*>PyBytes_AS_STRING(octets), PyBytes_GET_SIZE(octets), 8)


cdef int encode_with(Fill* f, object writer, object kinds, object wanted, object value) except -1:
    """A type whose octets a Python function writes."""
    cdef bytes octets
    if not isinstance(value, kinds):
        return refuse_type(f, wanted, value)
    try:
        octets = writer(value)
    except (ValueError, OverflowError) as error:
        refuse(f, "encoding", str(error))
    return put_pieces(f, <const uint8_t*>PyBytes_AS_STRING(octets), PyBytes_GET_SIZE(octets), 8)


cdef int encode_time(Fill* f, object writer, object value) except -1:
    cdef Op letters
    if not isinstance(value, _scalars.datetime):
        return refuse_type(f, "datetime", value)
    letters.code = CHARSTR
    letters.flags = 0
    letters.span = <uint64_t>-1
    letters.lo = letters.bits = letters.c = 0
    letters.a = -1
    letters.b = 7
    try:
        text = writer(value)
    except (ValueError, OverflowError) as error:
        refuse(f, "encoding", str(error))
    return encode_characters(f, &letters, text)
