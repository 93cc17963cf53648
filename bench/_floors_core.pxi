# A straight table of fields, walked over many messages: to columns, or to JSON text.

cpdef enum FieldKind:
    NUMBER  # lo + bits
    NAME    # a text for each number
    HEX     # the bits, left-aligned in octets

cdef enum:
    FIELDS_MAX = 64
    BITS_MAX = 57    # that one load of 64 bits holds at any place in an octet
    COPY = 32        # octets that every copy of a text moves at once, as most texts are shorter
    HEADER_BITS = 16  # of MessageFrame: extension bit and message id
    FRAME_BITS = 3    # of BasicSafetyMessage: extension bit, presence of Part II and of regional extensions

cdef struct Field:
    int32_t kind
    int32_t bits
    int64_t lo
    uint64_t span
    const char* before  # JSON text up to the value
    int32_t before_size
    int32_t first_name

cdef struct Column:
    int64_t bits
    int64_t lo
    uint64_t span
    int64_t* into  # NULL: the value is only checked


cdef inline uint64_t load64(const uint8_t* p) noexcept nogil:
    return (
        (<uint64_t>p[0] << 56) | (<uint64_t>p[1] << 48) | (<uint64_t>p[2] << 40) | (<uint64_t>p[3] << 32)
        | (<uint64_t>p[4] << 24) | (<uint64_t>p[5] << 16) | (<uint64_t>p[6] << 8) | <uint64_t>p[7]
    )


cdef inline int64_t first_bit(const uint8_t* data) noexcept nogil:
    """Where the core of the message in a MessageFrame begins: behind a length of one octet or two."""
    return HEADER_BITS + (16 if data[2] & 0x80 else 8) + FRAME_BITS


cdef class CoreFloor:
    """Walks one table of fields over many messages.

    :param rows: (kind, bits, lo, span, JSON text before the value, names).
    :param tail: JSON text behind the last value.
    """

    cdef Field[FIELDS_MAX] fields
    cdef int count
    cdef list texts_kept  # owns what the pointers point to
    cdef const char* tail
    cdef int32_t tail_size
    cdef const char** names
    cdef int32_t* name_sizes
    cdef char* text

    def __cinit__(self, list rows, bytes tail):
        if len(rows) > FIELDS_MAX or any([row[1] > BITS_MAX for row in rows]):
            raise ValueError(f"{len(rows)} fields: at most {FIELDS_MAX} are walked, of {BITS_MAX} bits each")
        names = [name for row in rows for name in row[5]]
        self.texts_kept = []
        self.count = len(rows)
        self.tail, self.tail_size = self.keep(tail), len(tail)
        self.names = <const char**>PyMem_Malloc((len(names) + 1) * sizeof(char*))
        self.name_sizes = <int32_t*>PyMem_Malloc((len(names) + 1) * sizeof(int32_t))
        longest = [len(row[4]) + 20 + max(map(len, row[5]), default=0) for row in rows]  # no number has more characters
        self.text = <char*>PyMem_Malloc(sum(longest) + len(tail) + COPY)
        if self.names is NULL or self.name_sizes is NULL or self.text is NULL:
            raise MemoryError()
        for index, name in enumerate(names):
            self.names[<Py_ssize_t>index] = self.keep(name)
            self.name_sizes[<Py_ssize_t>index] = len(name)
        self.fill(rows)

    cdef const char* keep(self, bytes text) except NULL:
        """A copy that may be read in steps of `COPY`, as long as this object lives."""
        cdef bytes padded = text + bytes(COPY)
        self.texts_kept.append(padded)
        return padded

    cdef int fill(self, list rows) except -1:
        cdef Field* field = self.fields
        named = 0
        for kind, bits, lo, span, before, names in rows:
            field.kind, field.bits, field.lo, field.span = kind, bits, lo, span
            field.before, field.before_size = self.keep(before), len(before)
            field.first_name = named
            named += len(names)
            field += 1
        return 0

    def __dealloc__(self):
        PyMem_Free(self.names)
        PyMem_Free(self.name_sizes)
        PyMem_Free(self.text)

    def columns(self, const uint8_t[::1] data, const int64_t[::1] offsets, list places, int64_t[:, :] into):
        """Fills ``into``; returns how many values were out of range.

        :param data: the messages one behind the other, and eight octets that may be loaded behind the last.
        :param offsets: (n,) where each begins.
        :param places: field numbers, of a row of ``into`` each; the other fields are only checked.
        :param into: (len(places), n) int64, each row without gaps.
        """
        cdef Column[FIELDS_MAX] columns
        cdef int64_t bad
        cdef int place
        if into.strides[1] != sizeof(int64_t) or into.shape[1] < offsets.shape[0]:
            raise ValueError("a row of the array is too short or has gaps")
        for place in range(self.count):
            columns[place].bits, columns[place].lo = self.fields[place].bits, self.fields[place].lo
            columns[place].span, columns[place].into = self.fields[place].span, NULL
        for row, number in enumerate(places):
            columns[<Py_ssize_t>number].into = &into[<Py_ssize_t>row, 0]
        with nogil:
            bad = walk_columns(columns, self.count, &data[0], &offsets[0], offsets.shape[0])
        return bad

    def json(self, bytes message):
        """The text of one message, behind which eight octets may be loaded."""
        return self.text[:self.write(<const uint8_t*>PyBytes_AS_STRING(message)) - self.text]

    cdef char* write(self, const uint8_t* data) noexcept nogil:
        cdef char* out = self.text
        cdef Field* field = self.fields
        cdef Field* last = field + self.count
        cdef int64_t pos = first_bit(data)
        cdef uint64_t value
        while field < last:
            out = copy_text(out, field.before, field.before_size)
            value = load64(data + (pos >> 3)) << (pos & 7) >> (64 - field.bits)
            pos += field.bits
            if field.kind == NUMBER:
                out = write_number(out, field.lo + <int64_t>value)
            elif field.kind == NAME:
                value += field.first_name
                out = copy_text(out, self.names[value], self.name_sizes[value])
            else:
                out = write_hex(out, value, field.bits)
            field += 1
        return copy_text(out, self.tail, self.tail_size)


cdef inline char* copy_text(char* out, const char* text, int32_t size) noexcept nogil:
    memcpy(out, text, COPY)
    if size > COPY:
        memcpy(out + COPY, text + COPY, size - COPY)
    return out + size


cdef int64_t walk_columns(
    const Column* columns, int count, const uint8_t* data, const int64_t* offsets, Py_ssize_t rows
) noexcept nogil:
    cdef const uint8_t* message
    cdef const Column* column
    cdef const Column* last = columns + count
    cdef int64_t pos, bad = 0
    cdef uint64_t value
    cdef Py_ssize_t row
    for row in range(rows):
        message = data + offsets[row]
        pos = first_bit(message)
        column = columns
        while column < last:
            value = load64(message + (pos >> 3)) << (pos & 7) >> (64 - column.bits)
            pos += column.bits
            bad += value > column.span
            if column.into is not NULL:
                column.into[row] = column.lo + <int64_t>value
            column += 1
    return bad


cdef bytes PAIRS_OWNER = b"".join([b"%02d" % number for number in range(100)])
cdef const char* PAIRS = PAIRS_OWNER
cdef const char* HEX_DIGITS = b"0123456789ABCDEF"


cdef inline char* write_number(char* out, int64_t number) noexcept nogil:
    cdef uint64_t rest = number
    cdef char* place
    if number < 0:
        out[0] = 45  # "-"
        out += 1
        rest = 0 - rest
    out += digits_of(rest)
    place = out
    while rest >= 100:
        place -= 2
        memcpy(place, PAIRS + 2 * (rest % 100), 2)
        rest //= 100
    if rest >= 10:
        memcpy(place - 2, PAIRS + 2 * rest, 2)
    else:
        (place - 1)[0] = <char>(48 + rest)
    return out


cdef inline int digits_of(uint64_t number) noexcept nogil:
    cdef int digits = 1
    while number >= 10000:
        number //= 10000
        digits += 4
    return digits + (number >= 10) + (number >= 100) + (number >= 1000)


cdef inline char* write_hex(char* out, uint64_t value, int bits) noexcept nogil:
    """The bits, left-aligned in octets, two digits an octet."""
    cdef int octets = (bits + 7) >> 3
    cdef int place
    value <<= 8 * octets - bits
    for place in range(2 * octets):
        out[place] = HEX_DIGITS[(value >> (4 * (2 * octets - 1 - place))) & 15]
    return out + 2 * octets
